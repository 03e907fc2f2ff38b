// Does every guest of this host, and nobody else, have a door? Brings the sockets to what the ports folder says, again and
// again: a door that could not be opened is tried with every look.
import type { Server, Socket } from 'node:net';
import { type Log, listenUnix } from '@assay/daemon';
import { comesFrom, listenInNamespace } from './namespace.ts';
import type { Guest } from './ports.ts';

export type Door = Server & { closeAllConnections(): void };
export type Doors = {
  /** All the guests there are now. */
  set(guests: ReadonlyMap<string, Guest>): void;
  /** Resolves when what was set is done. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

export function createDoors(
  make: (guest: Guest, admit?: (socket: Socket) => boolean) => Door,
  { log, backlog }: { log: Log; backlog: number },
): Doors {
  const open = new Map<string, { guest: Guest; server: Door }>();
  const faults = new Map<string, { reason: string; again: number; waitMs: number }>();
  let wanted: ReadonlyMap<string, Guest> = new Map();
  let work = Promise.resolve();

  const shut = async (id: string, server: Door) => {
    open.delete(id);
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await closed;
    log.info({ instance: id }, 'door closed');
  };
  const unlock = async (id: string, guest: Guest) => {
    const fault = faults.get(id);
    if (fault && fault.again > performance.now()) return;
    const server = make(guest, guest.socket === undefined ? comesFrom(guest.address) : undefined);
    try {
      // Who may connect is decided by the folder the socket lies in: only this guest's QEMU can enter it.
      if (guest.socket !== undefined) await listenUnix(server, guest.socket, { mode: 0o666, backlog });
      else await listenInNamespace(server, { ...guest, backlog });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (fault?.reason !== reason) log.error({ instance: id, err: error }, 'guest without metadata');
      // A try in a namespace costs a process: less often each time.
      const waitMs = guest.socket === undefined ? Math.min(Math.max((fault?.waitMs ?? 0) * 2, 2_000), 60_000) : 0;
      faults.set(id, { reason, again: performance.now() + waitMs, waitMs });
      return;
    }
    server.on('error', (error) => log.error({ instance: id, err: error }, 'door'));
    faults.delete(id);
    open.set(id, { guest, server });
    log.info({ instance: id, project: guest.project_id, address: guest.address }, 'door open');
  };
  let settledFor: ReadonlyMap<string, Guest> | undefined;
  const settle = async () => {
    const now = wanted;
    if (now === settledFor && faults.size === 0) return;
    for (const [id, { guest, server }] of open) if (!same(now.get(id), guest)) await shut(id, server);
    for (const id of faults.keys()) if (!now.has(id)) faults.delete(id);
    for (const [id, guest] of now) if (!open.has(id)) await unlock(id, guest);
    settledFor = now;
  };
  const set = (guests: ReadonlyMap<string, Guest>) => {
    wanted = guests;
    work = work.then(settle).catch((error) => log.error({ err: error }, 'doors'));
  };
  return {
    set,
    settled: () => work,
    async close() {
      set(new Map());
      await work;
    },
  };
}

function same(one: Guest | undefined, other: Guest): boolean {
  return one === other || (one !== undefined && JSON.stringify(one) === JSON.stringify(other));
}
