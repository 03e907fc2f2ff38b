// `assay down`: ends everything this lab started, and nothing else. State, instances and logs are kept.
import { setTimeout as delay } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { endInstances, showInstancesOff } from './instances.ts';
import { endLeftovers, livingSupervisor } from './leftovers.ts';
import type { Lab } from './settings.ts';
import { giveOrder } from './supervisor/control.ts';
import { endProcess, isAlive, type ProcessRecord } from './supervisor/process-record.ts';

/** What a supervisor needs at most to end all units one after the other. */
const patienceMs = 60_000;

/** @returns whether anything ran */
export async function down({ settings, paths }: Lab): Promise<boolean> {
  const supervisor = livingSupervisor(paths);
  if (supervisor) {
    try {
      await giveOrder(paths.supervisorSocket, { order: 'down' });
    } catch (error) {
      // It does not listen, or ended while it did what it was told: then its processes are looked for one by one.
      if (!(error instanceof AssayError)) throw error;
    }
    await gone(supervisor, 5000);
    await endProcess(supervisor, patienceMs);
  }
  const left = await endLeftovers(paths);
  // In order, nothing is left, and the supervisor saw to the instances; after a crash it is done here.
  if (!supervisor || left.length > 0) await Promise.all(settings.hosts.map(({ name }) => endInstances(paths, name)));
  await showInstancesOff(paths);
  return supervisor !== undefined || left.length > 0;
}

/** Waits for it to end by itself; a signal would cut short what it does last. */
async function gone(record: ProcessRecord, patienceMs: number): Promise<void> {
  for (let waited = 0; waited < patienceMs && isAlive(record); waited += 20) await delay(20);
}
