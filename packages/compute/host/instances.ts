// Every instance of this host: what it is, whether it runs, and what an order does to it. Orders for one instance wait for
// each other, those for two do not.
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { type Clock, isAlive, type Log } from '@assay/daemon';
import { defaultPool } from '@assay/protocol';
import type { Command, EndedBy, InstanceSpec, InstanceState, Status } from '../link/index.ts';
import type { Accelerator } from './accelerator.ts';
import type { BootFiles } from './boot-files.ts';
import { shorten, tail } from './console-log.ts';
import { type Ending, Guest } from './guest.ts';
import { complaint, launch } from './launch.ts';
import type { MayRun, Permission } from './permission.ts';
import { removePort, tidyPorts, writePort } from './ports-file.ts';
import { consoleLog, metadataSocket, monitorSocket, qemuArguments } from './qemu-command.ts';
import type { QemuUser } from './qemu-user.ts';
import { folderOf, type InstanceRecord, readRecord, readRecords, removeRecord, writeRecord } from './record.ts';

export type HostParts = {
  instancesDir: string;
  portsDir: string;
  qemu: string;
  user: QemuUser;
  accelerator: Promise<Accelerator>;
  files: BootFiles;
  permission: Permission;
  shutdownTimeoutMs: number;
  clock: Clock;
  log: Log;
  /** Something changed that nobody had asked for just then. */
  changed(status: Omit<Status, 'type'>): void;
};

export type Instances = {
  report(): InstanceState[];
  carryOut(command: Command): Promise<{ output?: string } | undefined>;
  /** Guests run on; what is under way is broken off. */
  close(): Promise<void>;
};

type Entry = {
  record: InstanceRecord;
  /** What runs, until its end is noted. */
  guest?: Guest;
  noted?: Promise<void>;
  /** Its end is wanted, so it is no news. */
  askedBy?: EndedBy;
};

/** How long a guest has for powering off before a reboot: its ticket is good for 30 s at most. */
const rebootPatienceMs = 15_000;
const lookEveryMs = 1_000;

/** Takes over what an earlier compute-host left running. */
export async function openInstances(parts: HostParts): Promise<Instances> {
  const { instancesDir, portsDir, log, clock } = parts;
  const entries = new Map<string, Entry>();
  const lanes = new Map<string, Promise<unknown>>();
  const closing = new AbortController();

  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const mine = (lanes.get(id) ?? Promise.resolve()).then(() => {
      if (closing.signal.aborted)
        throw new AssayError('host-stopping', 'compute-host', 'one that runs', 'it is ending');
      return work();
    });
    const settled = mine.catch(() => undefined);
    lanes.set(id, settled);
    void settled.then(() => lanes.get(id) === settled && lanes.delete(id));
    return mine;
  }

  function watch(entry: Entry, guest: Guest): void {
    entry.guest = guest;
    delete entry.askedBy;
    entry.noted = guest.ended
      .then((ending) => noteEnd(entry, guest, ending))
      .catch((error: unknown) => log.error({ err: error, instance: entry.record.spec.id }, 'could not note an end'));
  }

  async function noteEnd(entry: Entry, guest: Guest, { by, reason }: Ending): Promise<void> {
    const { id } = entry.record.spec;
    await removePort(portsDir, id);
    // `compute-host --stop-instances` beside us has written why before it ended them.
    const written = (await readRecord(instancesDir, id).catch(() => undefined))?.ended_by;
    const ended_by = entry.askedBy ?? written ?? by;
    entry.record = { ...entry.record, ...(ended_by ? { ended_by } : {}) };
    delete entry.guest;
    await writeRecord(instancesDir, entry.record).catch((error: unknown) =>
      log.error({ err: error, instance: id }, 'could not write down why an instance ended'),
    );
    log.info({ instance: id, pid: guest.process.pid, ended_by, reason }, 'an instance ended');
    if (!entry.askedBy) parts.changed({ instance: stateOf(entry), reason });
  }

  const stateOf = ({ record, guest }: Entry): InstanceState => ({
    id: record.spec.id,
    running: guest !== undefined,
    ...(guest === undefined && record.ended_by ? { ended_by: record.ended_by } : {}),
  });
  const found = (id: string): Entry => {
    const entry = entries.get(id);
    if (entry) return entry;
    throw new AssayError('instance-not-found', `instance ${id}`, 'an instance of this host', 'none');
  };
  const file = (id: string, name: string) => join(folderOf(instancesDir, id), name);

  async function start(spec: InstanceSpec, ticket: string | undefined): Promise<void> {
    if (entries.get(spec.id)?.guest) return;
    mustAskNoLess(spec, entries.get(spec.id)?.record.spec);
    const mayRun = await parts.permission(spec, ticket);
    const files = await parts.files.open(spec, ticket, closing.signal);
    try {
      const folder = folderOf(instancesDir, spec.id);
      await mkdir(folder, { recursive: true });
      // QEMU's group may enter, for the metadata socket, and neither list nor write.
      if (parts.user.gid !== undefined) await chown(folder, process.getuid?.() ?? 0, parts.user.gid);
      await chmod(folder, parts.user.gid === undefined ? 0o700 : 0o710);
      const entry: Entry = { record: { version: 1, spec } };
      await writeRecord(instancesDir, entry.record);
      entries.set(spec.id, entry);
      await run(entry, folder, { kernel: files.kernel.fd, ramdisk: files.ramdisk.fd }, mayRun);
    } finally {
      await Promise.all([files.kernel.close(), files.ramdisk.close()]);
    }
  }

  async function run(
    entry: Entry,
    folder: string,
    files: { kernel: number; ramdisk: number },
    mayRun: MayRun,
  ): Promise<void> {
    const { spec } = entry.record;
    const began = performance.now();
    const process_ = await launch({
      folder,
      command: [parts.qemu, ...qemuArguments(spec, await parts.accelerator)],
      user: parts.user,
      ...files,
      bootId: clock.bootId,
      mayRun,
      async written(process_) {
        entry.record = { version: 1, spec, process: process_ };
        await writeRecord(instancesDir, entry.record);
      },
    });
    const guest = new Guest(spec.id, process_, file(spec.id, monitorSocket), log);
    try {
      await guest.connect();
      await writePort(portsDir, spec, file(spec.id, metadataSocket));
      mayRun();
      await guest.run();
    } catch (error) {
      await removePort(portsDir, spec.id);
      await guest.kill('could not be started');
      const said = await complaint(folder);
      if (error instanceof AssayError && error.code.startsWith('ticket-')) throw error;
      throw new AssayError('guest-start', `instance ${spec.id}`, 'a guest that runs', said ?? error, { cause: error });
    }
    watch(entry, guest);
    const ms = Math.round(performance.now() - began);
    log.info({ instance: spec.id, pid: process_.pid, ms, trust: spec.trust }, 'an instance runs');
  }

  async function stop(id: string): Promise<void> {
    const entry = found(id);
    const { guest } = entry;
    entry.askedBy = 'request';
    if (guest) {
      await guest.powerOff(parts.shutdownTimeoutMs, closing.signal);
      await entry.noted;
    } else {
      entry.record = { ...entry.record, ended_by: 'request' };
      await writeRecord(instancesDir, entry.record);
    }
  }

  async function reboot(id: string, ticket: string | undefined): Promise<void> {
    const { record, guest } = found(id);
    if (!guest) throw new AssayError('instance-not-running', `instance ${id}`, 'one that runs', 'it is off');
    const mayRun = await parts.permission(record.spec, ticket);
    await guest.restart(Math.min(rebootPatienceMs, parts.shutdownTimeoutMs), mayRun, closing.signal);
    log.info({ instance: id, pid: guest.process.pid }, 'an instance was rebooted');
  }

  async function remove(id: string): Promise<void> {
    const entry = entries.get(id);
    if (entry?.guest) {
      entry.askedBy = 'request';
      await entry.guest.kill('removed');
      await entry.noted;
    }
    await removePort(portsDir, id);
    await removeRecord(instancesDir, id);
    entries.delete(id);
    await parts.files.tidy(usedFiles());
  }

  function obey(command: Exclude<Command, { type: 'console' }>): Promise<void> {
    if (command.type === 'start') return start(command.spec, command.ticket);
    if (command.type === 'stop') return stop(command.instance);
    if (command.type === 'reboot') return reboot(command.instance, command.ticket);
    return remove(command.instance);
  }

  const usedFiles = () =>
    new Set([...entries.values()].flatMap(({ record: { spec } }) => [spec.kernel.sha256, spec.ramdisk.sha256]));

  async function adopt(record: InstanceRecord): Promise<void> {
    const { id } = record.spec;
    const entry: Entry = { record };
    entries.set(id, entry);
    if (!record.process || !isAlive(record.process, clock.bootId)) return;
    const guest = new Guest(id, record.process, file(id, monitorSocket), log);
    await writePort(portsDir, record.spec, file(id, metadataSocket)); // gone again when its end is noted
    watch(entry, guest);
    const status = await guest.adopt();
    if (status !== undefined && status !== 'running') return void (await entry.noted); // over, or never let run
    log.info({ instance: id, pid: guest.process.pid, status }, 'an instance was taken over');
  }

  const records = await readRecords(instancesDir, (error) =>
    log.error({ err: error }, 'an instance cannot be known; it is left alone'),
  );
  await tidyPorts(portsDir, new Set()); // those of guests that run are written anew
  await Promise.all(records.map(adopt));
  await parts.files.tidy(usedFiles());

  const timer = setInterval(() => {
    for (const [id, { guest }] of entries) {
      if (!guest) continue;
      guest.look();
      shorten(file(id, consoleLog)).catch((error: unknown) => log.warn({ err: error, instance: id }, 'console log'));
    }
  }, lookEveryMs);

  return {
    report: () => [...entries.values()].map(stateOf),
    async carryOut(command) {
      const id = command.type === 'start' ? command.spec.id : command.instance;
      if (command.type === 'console') {
        found(id);
        return { output: (await tail(file(id, consoleLog), command.lines)) ?? '' };
      }
      await inTurn(id, () => obey(command)).catch((error: unknown) => {
        throw ofThisMachine(error, id);
      });
      return undefined;
    },
    async close() {
      closing.abort();
      clearInterval(timer);
      await Promise.all(lanes.values());
      for (const { guest } of entries.values()) guest?.leave();
    },
  };
}

/** What it asks of its host was frozen when it booted. @throws AssayError `instance-trust` */
function mustAskNoLess(spec: InstanceSpec, before: InstanceSpec | undefined): void {
  if (before?.trust !== 'trusted') return;
  const where = `instance ${spec.id}`;
  if (spec.trust !== 'trusted') throw new AssayError('instance-trust', where, 'trusted, as it was booted', spec.trust);
  const [pool, wasPool] = [spec.pool ?? defaultPool, before.pool ?? defaultPool];
  if (pool !== wasPool) throw new AssayError('instance-trust', where, `pool ${wasPool}, as it was booted`, pool);
}

/** Disk full, a right that is missing: foreseen, and told as what the machine said. */
function ofThisMachine(error: unknown, id: string): unknown {
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (error instanceof AssayError || syscall === undefined) return error;
  const [what, got] = [`this machine to do its part (${syscall})`, code ?? error];
  return new AssayError('host-machine', `instance ${id}`, what, got, { cause: error });
}
