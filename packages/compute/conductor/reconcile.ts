// A host is there, or something changed on it: is it as the subscribers want it? What is wanted stands in the rows, what is
// in the host's own words; where they differ, the host is brought to the rows, except that a guest may switch itself off.
import { changeInstance, finishNewestAction, type Instance, instanceById, instancesOnHost } from '../storage/index.ts';
import type { Parts } from './parts.ts';
import { reboot, start, stop } from './power.ts';
import { remove } from './remove.ts';

/** Everything on one host, after it registered. Returns when the work is handed out, not when it is done. */
export async function reconcileHost(
  parts: Parts,
  host: string,
  reported: readonly string[],
  stopping: boolean,
): Promise<void> {
  const { db, lanes, link, log, times } = parts;
  const rows = await instancesOnHost(db, host);
  for (const { id } of rows)
    lanes.run(id, 'bring an instance to what is wanted', () => settle(parts, id, host, !stopping));
  for (const id of reported) {
    if (rows.some((row) => row.id === id)) continue;
    if (!(await instanceById(db, id))) {
      // Not ours to end: a database restored from an old copy must not cost guests their lives.
      log.warn({ instance: id, host }, 'a host has an instance that the database does not know; it is left alone');
      continue;
    }
    lanes.run(id, 'end an instance that is not there any more', async () => {
      const row = await instanceById(db, id);
      if (row && row.vm_state !== 'deleted' && row.host === host) return settle(parts, id, host, !stopping);
      if (link.actual(host, id)) await link.order(host, { type: 'remove', instance: id }, times.remove);
    });
  }
}

/** @param mayStart false: what is off stays off for now */
export async function settle(parts: Parts, id: string, host: string, mayStart: boolean): Promise<void> {
  const { db, link, clock, times, lanes } = parts;
  const row = await instanceById(db, id);
  if (!row || row.vm_state === 'deleted' || row.host !== host || !link.connected(host)) return;
  if (row.wanted === 'deleted') return remove(parts, id);
  if (row.vm_state === 'building') return; // the boot itself sees to it
  const actual = link.actual(host, id);
  const running = actual?.running ?? false;
  const asked = row.task_state !== null; // and not brought about yet
  if (row.wanted === 'stopped') return running ? stop(parts, id, asked) : off(parts, row);
  if (running && row.task_state?.startsWith('rebooting') && lanes.waiting(id) === 0) return reboot(parts, id);
  if (running) {
    const on = { vm_state: 'active', power_state: 1, task_state: null } as const;
    if (!same(row, on)) await changeInstance(db, id, on, clock.now(), { wanted: 'active', host });
    if (asked) await finishNewestAction(db, id, false, clock.now());
    return;
  }
  if (actual?.ended_by === 'guest' && !asked) return off(parts, row, { wanted: 'stopped' });
  return mayStart ? start(parts, id, asked, times.attested) : off(parts, row);
}

async function off({ db, clock }: Parts, row: Instance, more: { wanted?: 'stopped' } = {}): Promise<void> {
  const change = { vm_state: 'stopped', power_state: 4, task_state: null, ...more } as const;
  if (!same(row, change)) await changeInstance(db, row.id, change, clock.now(), { wanted: row.wanted, host: row.host });
}

function same(row: Instance, change: Partial<Instance>): boolean {
  return Object.entries(change).every(([name, value]) => row[name as keyof Instance] === value);
}
