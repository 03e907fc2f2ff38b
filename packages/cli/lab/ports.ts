// Which TCP ports do the lab's servers listen on, and if one is taken: by whom?
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { AssayError } from '@assay/core';

export const address = '127.0.0.1';

/** The ports operators know: `oat` is the attestation server's second one; the compute link (8780) is what compute hosts connect to. */
export const defaultPorts = {
  attestation: 8443,
  oat: 8181,
  identity: 5000,
  image: 9292,
  compute: 8774,
  metadata: 8775,
  link: 8780,
} as const;
export type PortName = keyof typeof defaultPorts;
export type Ports = Record<PortName, number>;
export const portNames = Object.keys(defaultPorts) as PortName[];

/**
 * Ports for a new start of the lab, all of them free now.
 * @param remembered of an earlier start
 * @param auto take free ones, and replace remembered ones that are taken; otherwise a taken port is an error
 * @throws AssayError `lab-port-in-use` naming the port, who has it where that can be known, and what to do
 */
export async function choosePorts(remembered: Ports | undefined, auto: boolean): Promise<Ports> {
  const chosen = { ...(remembered ?? defaultPorts) };
  const held: (() => Promise<void>)[] = [];
  try {
    for (const name of portNames) {
      const wanted = auto && !remembered ? 0 : chosen[name];
      const hold = (await tryListen(wanted)) ?? (auto ? await tryListen(0) : undefined);
      if (!hold) throw inUse(name, wanted);
      chosen[name] = hold.port;
      held.push(hold.release); // kept until all are chosen, so that no port is chosen twice
    }
  } finally {
    await Promise.all(held.map((release) => release()));
  }
  return chosen;
}

async function tryListen(port: number): Promise<{ port: number; release: () => Promise<void> } | undefined> {
  const server = createServer();
  return await new Promise((done, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? done(undefined) : failed(error),
    );
    server.listen({ host: address, port }, () => {
      const bound = server.address();
      done({
        port: typeof bound === 'object' && bound ? bound.port : port,
        release: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}

function inUse(name: PortName, port: number): AssayError {
  const user = userOf(port);
  return new AssayError(
    'lab-port-in-use',
    `port ${port} on ${address}`,
    `a free port for ${name}`,
    `one in use${user ? ` by ${user.command} (pid ${user.pid})` : ''}`,
    { hint: 'stop that process, or run: assay up --ports auto' },
  );
}

/** Who listens on this port, as far as /proc shows it to us: other users' processes only to root. */
export function userOf(port: number): { pid: number; command: string } | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeners(table, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
      if (sockets.some((link) => inodes.has(link))) return { pid: Number(pid), command: commandOf(pid) };
    } catch {
      // not ours to look into, or gone
    }
  }
  return undefined;
}

/** As it was started, on one line, no longer than a person wants to read. */
function commandOf(pid: string): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  return words.length > 80 ? `${words.slice(0, 80)}…` : words || readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** `socket:[inode]` of the sockets in state LISTEN (0A) on this port (proc(5), /proc/net/tcp). */
function listeners(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let lines: string[];
  try {
    lines = readFileSync(table, 'ascii').trim().split('\n').slice(1);
  } catch {
    return []; // no IPv6
  }
  return lines.flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === '0A' && local?.endsWith(suffix) && inode ? [`socket:[${inode}]`] : [];
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
