// Where do the lab's hosts have their TPMs from? From swtpm, manufactured with endorsement certificates of a CA of the lab's own.
// Software: whoever can read its state can forge what it says. The attestation server labels it so, because of that CA.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';
import type { HostLayout, Layout } from './layout.ts';
import { writePublic } from './private-file.ts';

const run = promisify(execFile);

/** Makes the host's TPM when it has none. @returns SHA-256 of its RSA-2048 endorsement key certificate (DER), hex */
export async function manufactureTpm(paths: Layout, host: HostLayout): Promise<string> {
  const certificate = certificateOf(host);
  if (!existsSync(certificate)) await manufacture(paths, host);
  return createHash('sha256').update(readFileSync(certificate)).digest('hex');
}

/** When the host's TPM was made. */
export const madeAt = (host: HostLayout): Date => statSync(certificateOf(host)).mtime;

const certificateOf = (host: HostLayout) => join(host.tpmDir, 'ek-rsa2048.crt');

async function manufacture(paths: Layout, host: HostLayout): Promise<void> {
  const config = writeCaConfig(paths);
  // Made beside its place and moved there whole: an interrupted start leaves no half of a TPM.
  const fresh = `${host.tpmDir}.new`;
  for (const dir of [fresh, host.tpmDir]) rmSync(dir, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  const args = ['--tpm2', '--tpmstate', fresh, '--config', config, '--vmid', host.name, '--overwrite'];
  const certificates = ['--create-ek-cert', '--create-platform-cert', '--write-ek-cert-files', fresh];
  try {
    await run('swtpm_setup', [...args, ...certificates, '--pcr-banks', 'sha256,sha384']);
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const lines = `${stdout}\n${stderr}`.trim().split('\n');
    throw new AssayError('lab-software-tpm', host.name, 'swtpm_setup to make a TPM', lines.at(-1) || cause, {
      cause,
      hint: 'the packages swtpm and swtpm-tools must be installed',
    });
  }
  trust(paths);
  renameSync(fresh, host.tpmDir);
}

/** What swtpm_setup reads: its CA tool, and that the tool's CA lives in the lab's folder. */
function writeCaConfig(paths: Layout): string {
  const ca = paths.softwareTpmCa;
  mkdirSync(ca, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(ca, name);
  writePublic(
    file('localca.conf'),
    `statedir = ${ca}
signingkey = ${file('signkey.pem')}
issuercert = ${file('issuercert.pem')}
certserial = ${file('certserial')}
`,
  );
  writePublic(file('localca.options'), '--platform-manufacturer Assay\n--platform-version 1\n--platform-model lab\n');
  writePublic(
    file('setup.conf'),
    `create_certs_tool = ${programIn('swtpm_localca')}
create_certs_tool_config = ${file('localca.conf')}
create_certs_tool_options = ${file('localca.options')}
`,
  );
  return file('setup.conf');
}

/** Lays the CA's certificates where the attestation server looks, without its keys beside them. */
function trust(paths: Layout): void {
  mkdirSync(paths.softwareTpmTrust, { recursive: true });
  for (const name of ['issuercert.pem', 'swtpm-localca-rootca-cert.pem'])
    copyFileSync(join(paths.softwareTpmCa, name), join(paths.softwareTpmTrust, name));
}

/** Absolute, because swtpm_setup does not search PATH for it. @throws AssayError `lab-tool` */
function programIn(name: string): string {
  const found = (process.env['PATH'] ?? '')
    .split(':')
    .concat('/usr/bin')
    .map((dir) => join(dir, name))
    .find(existsSync);
  if (found) return found;
  throw new AssayError('lab-tool', name, 'a program on PATH', 'none', { hint: 'apt-get install swtpm-tools' });
}

/**
 * How the TPM of a host is started, in the folder of the host: in the foreground, cleared as by power-on, its sockets where
 * tpm2-tools look for them (`-T swtpm:path=tpm.sock` asks the control socket under the same name with `.ctrl`). Names without
 * folders, because the path of a Unix socket has no more than 107 bytes.
 */
export function swtpmCommand(host: HostLayout): [string, ...string[]] {
  const socket = `type=unixio,path=${basename(host.tpmSocket)}`;
  const sockets = ['--server', `${socket},mode=0600`, '--ctrl', `${socket}.ctrl,mode=0600`];
  const state = ['--tpm2', '--tpmstate', `dir=${basename(host.tpmDir)}`];
  return ['swtpm', 'socket', ...state, ...sockets, '--flags', 'not-need-init,startup-clear'];
}
