// How does a QEMU process begin, so that no kill of ours at any instant leaves one that nobody knows of? It waits in a shell
// until its pid is written down; if we die before, the shell ends by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { listenUnix, processOf } from '@assay/daemon';
import type { ProcessId } from './process.ts';
import { consoleLog, monitorSocket } from './qemu-command.ts';
import type { QemuUser } from './qemu-user.ts';

/**
 * A file QEMU writes to (its console, its complaints) stops growing there, also while nobody watches: 2 MiB. `trap`: so that
 * this is a failed write and not the guest's end.
 */
const shell = 'ulimit -c 0 && ulimit -f 4096 && trap "" XFSZ && read -r go && [ "$go" = go ] && exec "$@" </dev/null';

export type Launch = {
  /** The instance's folder: QEMU's working folder. */
  folder: string;
  command: readonly string[];
  user: QemuUser;
  /** File descriptors, open for reading. */
  kernel: number;
  ramdisk: number;
  bootId: string;
  /** Writes down which process it will be; awaited. */
  written(process: ProcessId): Promise<void>;
  /** Asked last, in the same turn in which QEMU is let go; what it throws is the outcome. */
  mayRun(): void;
};

/** @throws AssayError `guest-start` */
export async function launch(wanted: Launch): Promise<ProcessId> {
  const { folder, user, bootId } = wanted;
  const messages = await open(join(folder, 'qemu.log'), 'w', 0o600);
  const console_ = await open(join(folder, consoleLog), 'a', 0o600);
  // We make the socket and QEMU inherits it: that way QEMU needs no right to write here, and what listens at that name is it.
  const monitor = createServer();
  const socket = join(folder, monitorSocket);
  let child: ChildProcess;
  let failure: Error | undefined;
  try {
    await listenUnix(monitor, `${socket}.next`);
    await rename(`${socket}.next`, socket);
    const [program, ...args] = [...user.prefix, '/bin/sh', '-c', shell, 'sh', ...wanted.command] as [string];
    const inherited = [messages.fd, messages.fd, wanted.kernel, wanted.ramdisk, descriptorOf(monitor)];
    child = spawn(program, args, {
      cwd: folder, // entered before the user changes: the way to it may be closed to QEMU
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C' },
      detached: true, // signals for us, from a terminal above all, are not for it
      stdio: ['pipe', ...inherited, console_.fd],
    });
    child.on('error', (error) => {
      failure = error;
    });
    child.stdin?.on('error', () => undefined);
  } finally {
    monitor.close(); // ours alone; it goes on listening in QEMU
    await Promise.all([messages.close(), console_.close(), rm(`${socket}.next`, { force: true })]);
  }
  child.unref();
  try {
    const process = child.pid === undefined ? undefined : processOf(child.pid, bootId);
    if (!process) throw failure ?? new Error('it ended at once');
    await wanted.written(process);
    wanted.mayRun();
    child.stdin?.end('go\n');
    return process;
  } catch (cause) {
    child.stdin?.destroy(); // the shell reads its end, and ends
    if (cause instanceof AssayError) throw cause;
    throw new AssayError('guest-start', wanted.command[0] ?? 'QEMU', 'a process', cause, { cause });
  }
}

/** Node has no public name for it; a listener that is no stream cannot be handed to a child otherwise. */
function descriptorOf(server: Server): number {
  const fd = (server as { _handle?: { fd?: number } })._handle?.fd;
  if (fd === undefined || fd < 0) throw new AssayError('guest-start', 'QMP socket', 'its file descriptor', 'none');
  return fd;
}

/** What QEMU last complained of. */
export async function complaint(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'qemu.log'), 'utf8').catch(() => '');
  return text.trim().split('\n').at(-1)?.slice(-500) || undefined;
}
