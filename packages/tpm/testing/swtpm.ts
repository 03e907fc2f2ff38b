// How is a software TPM (swtpm) manufactured and started, so that Assay and tpm2-tools can take turns on it?
//
// The recipe, for laboratories and tests alike:
// - manufacture once: keys, and EK certificates by a CA of one's own, in a state folder (`manufacture`);
// - start with a server socket NAME and a control socket NAME.ctrl beside it: tpm2-tools (TCTI `swtpm:path=NAME`) look
//   for the control channel there, over TCP on the port after the server's. Assay itself needs no control channel;
// - no `--daemon` under a supervisor; no `,disconnect` and no `-t`: swtpm then serves one client after the other;
// - a new start is a reboot: PCRs are zero, `resetCount` is one more. TPM2_Shutdown before it keeps the clock safe.
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';

const run = promisify(execFile);

/**
 * Makes the state of a new TPM: seeds, EK certificates in NV (RSA-2048 and P-384), active PCR banks. About a second.
 * @param stateDir absolute; made if missing
 * @param caDir absolute; swtpm's local CA, made on first use: `issuercert.pem` signs EK certificates and is signed by
 *   `swtpm-localca-rootca-cert.pem`; private keys beside them. Safe to share between calls at the same time
 * @throws AssayError `swtpm`
 */
export async function manufacture({
  stateDir,
  caDir,
  banks = ['sha256', 'sha384'],
}: {
  stateDir: string;
  caDir: string;
  banks?: readonly string[];
}): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await mkdir(caDir, { recursive: true, mode: 0o700 });
  const setupConf = join(caDir, 'swtpm_setup.conf');
  const localCaConf = join(caDir, 'swtpm-localca.conf');
  const localCaOptions = join(caDir, 'swtpm-localca.options');
  await writeWhole(
    setupConf,
    `create_certs_tool = swtpm_localca\ncreate_certs_tool_config = ${localCaConf}\ncreate_certs_tool_options = ${localCaOptions}\n`,
  );
  await writeWhole(
    localCaConf,
    `statedir = ${caDir}\nsigningkey = ${caDir}/signkey.pem\nissuercert = ${caDir}/issuercert.pem\ncertserial = ${caDir}/certserial\n`,
  );
  await writeWhole(
    localCaOptions,
    '--platform-manufacturer Assay\n--platform-version 1\n--platform-model Laboratory\n',
  );
  const setup = ['--tpm2', '--tpmstate', stateDir, '--config', setupConf, '--not-overwrite'];
  await run('swtpm_setup', [
    ...setup,
    '--create-ek-cert',
    '--create-platform-cert',
    '--pcr-banks',
    banks.join(','),
  ]).catch((cause: Error & { code?: string; stdout?: string; stderr?: string }) => {
    if (cause.code === 'ENOENT') throw missing('swtpm_setup', cause);
    const said = `${cause.stdout ?? ''}${cause.stderr ?? ''}`.trim().split('\n').slice(-3).join('; ');
    throw new AssayError('swtpm', `swtpm_setup in ${stateDir}`, 'a manufactured TPM', said || cause, { cause });
  });
}

/** Never half a file to another process that manufactures at the same time. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, text);
  await rename(draft, file);
}

/**
 * Arguments for `swtpm` so that it serves this socket (and `SOCKET.ctrl`) one client after the other, started up already.
 * @param socket at most 102 bytes, or relative to the folder swtpm is started in: Unix sockets have short names
 */
export const swtpmArguments = (stateDir: string, socket: string): string[] => [
  'socket',
  '--tpm2',
  '--tpmstate',
  `dir=${resolve(stateDir)}`,
  '--server',
  `type=unixio,path=${socket}`,
  '--ctrl',
  `type=unixio,path=${socket}.ctrl`,
  '--flags',
  'not-need-init,startup-clear',
];

export const missing = (program: string, cause: unknown): AssayError =>
  new AssayError('swtpm', program, 'to be installed', 'not found', {
    cause,
    hint: 'apt-get install swtpm swtpm-tools',
  });

/** A running swtpm, ended with this process however it ends. `ended` gives what it said when it has ended. */
export function startSwtpm(stateDir: string, folder: string, socket: string) {
  // setpriv: also a killed test process takes its TPM with it.
  const program = spawn('setpriv', ['--pdeathsig', 'TERM', 'swtpm', ...swtpmArguments(stateDir, socket)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (data: Buffer) => {
    said = `${said}${data}`.slice(-2000);
  };
  program.stdout.on('data', hear);
  program.stderr.on('data', hear);
  const ended = new Promise<string>((done) => {
    program.once('error', (error) => done(error.message));
    program.once('close', () => done(said));
  });
  return { program, ended };
}
