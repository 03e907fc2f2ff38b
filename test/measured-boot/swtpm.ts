// The TPM of a machine in QEMU: swtpm, whose data channel belongs to QEMU from power-on to power-off.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';

export type SwtpmForQemu = { ended: Promise<void> /** For when QEMU never came to use it. */; kill(): void };

/**
 * Returns once it listens on `folder/tpm.sock`. It ends when the machine ends.
 * @param user whom QEMU runs as, when not as we do
 * @param stateDir as `manufacture` made it
 */
export async function startSwtpmForQemu(
  stateDir: string,
  folder: string,
  user: { uid: number; gid: number } | undefined,
): Promise<SwtpmForQemu> {
  const socket = join(folder, 'tpm.sock');
  await rm(socket, { force: true });
  const arrived = Promise.withResolvers<void>();
  const watcher = watch(folder, (_, name) => {
    if (name === 'tpm.sock') arrived.resolve();
  });
  const owner = user ? `,uid=${user.uid},gid=${user.gid},mode=0600` : '';
  const state = ['--tpm2', '--tpmstate', `dir=${stateDir}`];
  const args = ['socket', ...state, '--ctrl', `type=unixio,path=tpm.sock${owner}`, '--terminate'];
  const swtpm = spawn('setpriv', ['--pdeathsig', 'TERM', 'swtpm', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [swtpm.stdout, swtpm.stderr])
    stream.on('data', (part) => {
      said = `${said}${part}`.slice(-1000);
    });
  const ended = new Promise<void>((done) => {
    swtpm.once('error', () => done());
    swtpm.once('close', () => done());
  });
  try {
    await Promise.race([arrived.promise, ended]);
    await access(socket);
    return { ended, kill: () => swtpm.kill('SIGKILL') };
  } catch (cause) {
    const hint = 'apt-get install swtpm swtpm-tools';
    throw new AssayError('measured-boot', `swtpm in ${folder}`, 'to start', said.trim() || cause, { cause, hint });
  } finally {
    watcher.close();
  }
}
