// The way of one boot: choose a host, claim it, start the instance there; after a failure the next host, three in all.
import { AssayError } from '@assay/core';
import {
  changeInstance,
  finishNewestAction,
  type HostDecision,
  type Instance,
  instanceById,
  setOutcome,
} from '../storage/index.ts';
import { type Parts, reasonOf } from './parts.ts';
import { place } from './place.ts';
import { startOnHost } from './start.ts';

const attempts = 3;
/** In Nova's words; clients and operators look for them. */
const noValidHost = 'No valid host was found. There are not enough hosts available.';

/**
 * Brings an instance that is `building` to `active` or `error`, unless it is deleted meanwhile. If it has a host already, its
 * boot was interrupted: when that host has it running that is that, else it begins anew.
 */
export async function build(parts: Parts, id: string): Promise<void> {
  const instance = await buildable(parts, id);
  if (!instance) return;
  const { host } = instance;
  if (host !== null) {
    if ((await parts.whenConnected(host, parts.times.comeBack)) && parts.link.actual(host, id)?.running)
      return activate(parts, id, host);
    await release(parts, id, host);
  }
  await tryHosts(parts, id);
}

async function tryHosts(parts: Parts, id: string): Promise<void> {
  const { db, clock, log, closing } = parts;
  const excluded = new Map<string, string>();
  let hosts: HostDecision[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const instance = await buildable(parts, id);
    if (!instance) return;
    const placed = await place(parts, instance, attempt, excluded);
    if (!placed) return;
    hosts = placed.hosts;
    if (!placed.host) break;
    const { host } = placed.host;
    const spawning = await changeInstance(db, id, { task_state: 'spawning' }, clock.now(), { host, wanted: 'active' });
    if (!spawning) return;
    try {
      await startOnHost(parts, spawning);
    } catch (error) {
      if (closing.aborted) throw error;
      const reason =
        error instanceof AssayError ? reasonOf(error) : 'internal error; the log of the compute API has it';
      log[error instanceof AssayError ? 'warn' : 'error'](
        { err: error, instance: id, host },
        'an instance did not start',
      );
      await setOutcome(db, placed.decision, reason);
      await release(parts, id, host);
      excluded.set(host, reason);
      continue;
    }
    await setOutcome(db, placed.decision, 'started');
    await activate(parts, id, host);
    return;
  }
  await fail(parts, id, hosts, excluded);
}

async function buildable({ db }: Parts, id: string): Promise<Instance | undefined> {
  const instance = await instanceById(db, id);
  return instance?.vm_state === 'building' && instance.wanted === 'active' ? instance : undefined;
}

async function activate({ db, clock }: Parts, id: string, host: string): Promise<void> {
  const now = clock.now();
  const change = {
    vm_state: 'active',
    task_state: null,
    power_state: 1,
    fault: null,
    launched_at: now.toISOString(),
  } as const;
  // A delete that came meanwhile waits in this lane and finds the host it must ask.
  if (await changeInstance(db, id, change, now, { host, vm_state: 'building', wanted: 'active' }))
    await finishNewestAction(db, id, false, now);
}

/** Gives the claim back. If the start's outcome is unknown the guest may run: it is told to end, now or when its host is back. */
async function release({ db, clock, link, times }: Parts, id: string, host: string): Promise<void> {
  const change = { host: null, node: null, availability_zone: null, task_state: 'scheduling' } as const;
  await changeInstance(db, id, change, clock.now(), { host, vm_state: 'building', wanted: 'active' });
  void link.order(host, { type: 'remove', instance: id }, times.remove).catch(() => undefined);
}

async function fail(
  { db, clock, log }: Parts,
  id: string,
  hosts: readonly HostDecision[],
  excluded: ReadonlyMap<string, string>,
): Promise<void> {
  const now = clock.now();
  const lines = hosts.map(({ host, filter, reason }) => {
    const tried = excluded.get(host);
    if (tried !== undefined) return `${host}: start: ${tried}`;
    return filter === null ? `${host}: passed, not tried` : `${host}: ${filter}: ${reason}`;
  });
  const details = lines.length > 0 ? lines.join('\n') : 'no compute host has ever registered';
  const change = {
    vm_state: 'error',
    task_state: null,
    fault: { code: 500, message: noValidHost, details, created: now.toISOString() },
  } as const;
  const expected = { vm_state: 'building', wanted: 'active', host: null } as const;
  if (!(await changeInstance(db, id, change, now, expected))) return;
  log.warn({ instance: id, hosts: lines }, noValidHost);
  await finishNewestAction(db, id, true, now);
}
