// How does one reach a Unix socket whose path is longer than the kernel's 107 bytes? Through an open folder: /proc/self/fd/N/name.
import { chmodSync, closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { AssayError } from '@assay/core';

const longest = 107; // sockaddr_un.sun_path less its final zero (unix(7))

/** A name of the same socket that fits; `release` when the connection stands, or the listener is closed. */
function shortPath(path: string): { path: string; release: () => void } {
  if (Buffer.byteLength(path) <= longest) return { path, release: () => undefined };
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  let open = true;
  const release = () => {
    if (open) closeSync(folder);
    open = false;
  };
  return { path: `/proc/self/fd/${folder}/${basename(path)}`, release };
}

/**
 * Listens on a socket file that only this user may use, unless `mode` says otherwise: it is made with it, never changed
 * to it afterwards, since by then the name may lead to another file. One left behind by a dead process is replaced, one
 * that answers is not.
 * @throws AssayError `listen-in-use`, `listen-denied`, `listen-address`
 */
export async function listenUnix(server: Server, path: string, { mode = 0o600, backlog = 511 } = {}): Promise<void> {
  try {
    await bound(server, path, mode, backlog);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw listenError(path, cause);
    if (await answers(path)) throw listenError(path, cause);
    unlinkSync(path);
    await bound(server, path, mode, backlog).catch((again) => {
      throw listenError(path, again);
    });
  }
}

/** @throws AssayError `unix-unreachable` */
export async function connectUnix(path: string): Promise<Socket> {
  try {
    const short = shortPath(path);
    return await new Promise<Socket>((done, failed) => {
      const socket = connect({ path: short.path });
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.off('error', failed);
        done(socket);
      });
    }).finally(short.release);
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code ?? cause;
    throw new AssayError('unix-unreachable', path, 'a process that listens on this socket', got, { cause });
  }
}

async function bound(server: Server, path: string, mode: number, backlog: number): Promise<void> {
  const short = shortPath(path);
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    // The file is made within the call of listen. A worker thread cannot set the mask of the process.
    const before = isMainThread ? process.umask(~mode & 0o777) : undefined;
    try {
      server.listen({ path: short.path, backlog }, () => {
        server.off('error', failed);
        if (before === undefined) setMode(path, mode);
        done();
      });
    } finally {
      if (before !== undefined) process.umask(before);
    }
  }).catch((error) => {
    short.release();
    throw error;
  });
  server.once('close', short.release);
}

/** Of what is opened, never of what the name leads to by then; a socket cannot be opened otherwise than by O_PATH. */
function setMode(path: string, mode: number): void {
  const handle = openSync(path, constants.O_NOFOLLOW | 0o10000000); // O_PATH, open(2)
  try {
    if (fstatSync(handle).isSocket()) chmodSync(`/proc/self/fd/${handle}`, mode);
  } finally {
    closeSync(handle);
  }
}

async function answers(path: string): Promise<boolean> {
  try {
    (await connectUnix(path)).destroy();
    return true;
  } catch (error) {
    return (error as AssayError).got !== 'ECONNREFUSED';
  }
}

/** A listener that could not start, said as one line with what to do. */
export function listenError(where: string, cause: unknown): AssayError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  if (code === 'EADDRINUSE')
    return new AssayError('listen-in-use', where, 'a free address', 'one in use by another process', {
      cause,
      hint: 'stop that process or choose another port',
    });
  if (code === 'EACCES' || code === 'EPERM')
    return new AssayError('listen-denied', where, 'the right to listen there', code, {
      cause,
      hint: 'ports below 1024 need CAP_NET_BIND_SERVICE, a socket file a folder one may write to; choose another',
    });
  return new AssayError('listen-address', where, 'an address of this machine', code, { cause });
}
