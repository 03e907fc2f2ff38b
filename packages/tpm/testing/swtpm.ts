// How is a software TPM (swtpm) started, so that Assay and tpm2-tools can take turns on it?
//
// The recipe:
// - manufacture once: keys, and EK certificates by a CA of one's own, in a state folder (`manufacture`);
// - start with a server socket NAME and a control socket NAME.ctrl beside it: tpm2-tools (TCTI `swtpm:path=NAME`) look
//   for the control channel there, over TCP on the port after the server's. Assay itself needs no control channel;
// - no `--daemon` under a supervisor; no `,disconnect` and no `-t`: swtpm then serves one client after the other;
// - a new start is a reboot: PCRs are zero, `resetCount` is one more. `Tpm.shutdown()` before the end keeps the clock
//   safe, and keeps the TPM from counting the end as an attack: after a few of those it locks keys that have a password.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { openTpm } from '../open.ts';

const startTimeoutMs = 10_000;

/**
 * Arguments for `swtpm` so that it serves this socket (and `SOCKET.ctrl`) one client after the other, started up already.
 * @param socket at most 102 bytes, or relative to the folder swtpm is started in: Unix sockets have short names
 */
const swtpmArguments = (stateDir: string, socket: string): string[] => [
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

export type RunningSwtpm = {
  readonly pid: number;
  /** For `openTpm`, and for tpm2-tools as `-T`. */
  readonly spec: string;
  /** Orderly: with TPM2_Shutdown, as an operating system does. Else as a power cut. */
  end(orderly: boolean): Promise<void>;
};

/**
 * Starts swtpm on `folder/tpm.sock` and returns when it answers. It ends with this process, however that ends.
 * @throws AssayError `swtpm` with what it said
 */
export async function startSwtpm(stateDir: string, folder: string): Promise<RunningSwtpm> {
  const socket = 'tpm.sock';
  const spec = `swtpm:path=${join(folder, socket)}`;
  for (const name of [socket, `${socket}.ctrl`]) await rm(join(folder, name), { force: true });
  // setpriv: also a killed test process takes its TPM with it.
  const program = spawn('setpriv', ['--pdeathsig', 'TERM', 'swtpm', ...swtpmArguments(stateDir, socket)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let over = false;
  const hear = (data: Buffer) => {
    said = `${said}${data}`.slice(-1000);
  };
  program.stdout.on('data', hear);
  program.stderr.on('data', hear);
  const ended = new Promise<void>((done) => {
    program.once('error', (error) => hear(Buffer.from(error.message)));
    program.once('close', () => {
      over = true;
      done();
    });
  });
  const end = async (orderly: boolean) => {
    if (orderly && !over) {
      const tpm = await openTpm(spec);
      await tpm.shutdown();
      await tpm.close();
    }
    program.kill(orderly ? 'SIGTERM' : 'SIGKILL');
    await ended;
  };
  const latest = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await (await openTpm(spec)).close();
      return { pid: program.pid ?? 0, spec, end };
    } catch (error) {
      const notYet = error instanceof AssayError && error.code === 'tpm-open' && performance.now() < latest;
      if (notYet && !over)
        await sleep(2); // its socket is not there yet
      else {
        await end(false);
        const hint = 'apt-get install swtpm swtpm-tools';
        throw new AssayError('swtpm', `swtpm in ${folder}`, 'to start', said.trim(), { cause: error, hint });
      }
    }
  }
}
