// How do a host's instances end when the host goes down? As machines that lose power; what the subscriber wanted stays known.
import { existsSync } from 'node:fs';
import { createLog, loadConfig } from '@assay/daemon';
import type { Layout } from './layout.ts';

/** Ends the instances that run on this host; they are started again when the host is back. */
export async function endInstances(paths: Layout, host: string): Promise<void> {
  // Loaded when it is needed: a cloud that comes up does not wait for it.
  const { hostOptions, stopInstances } = await import('@assay/compute/host');
  await stopInstances(loadConfig([paths.host(host).assayConf], hostOptions), { log: createLog('lab', 'error') });
}

/** All hosts of the lab are down: their instances show as SHUTOFF until they run again. */
export async function showInstancesOff(paths: Layout, now = new Date()): Promise<void> {
  if (!existsSync(paths.compute.database)) return;
  const { allPoweredOff, openStorage } = await import('@assay/compute');
  const db = await openStorage(`sqlite:${paths.compute.database}`);
  try {
    await allPoweredOff(db, now);
  } finally {
    await db.destroy();
  }
}
