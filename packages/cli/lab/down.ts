// `assay down`: ends everything this lab started, and nothing else. State, instances and logs are kept.
import { AssayError } from '@assay/core';
import { endInstances } from './instances.ts';
import { endLeftovers, livingSupervisor } from './leftovers.ts';
import type { Lab } from './settings.ts';
import { giveOrder } from './supervisor/control.ts';
import { endProcess } from './supervisor/process-record.ts';

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
    await endProcess(supervisor, patienceMs);
  }
  const left = await endLeftovers(paths);
  // In order, nothing is left, and the supervisor saw to the instances; after a crash it is done here.
  if (!supervisor || left.length > 0) await Promise.all(settings.hosts.map(({ name }) => endInstances(paths, name)));
  return supervisor !== undefined || left.length > 0;
}
