// How do instances end with their host? At once, as when its power goes; that they did is written down first, so that the
// compute API starts them again when the host is back.

import { join } from 'node:path';
import { type Clock, isAlive, type Log, systemClock } from '@assay/daemon';
import { Guest } from './guest.ts';
import type { ComputeHostConf } from './options.ts';
import { removePort } from './ports-file.ts';
import { monitorSocket } from './qemu-command.ts';
import { folderOf, readRecords, writeRecord } from './record.ts';

/**
 * Ends every instance that runs on this host; compute-host may run or not.
 * @returns their ids
 */
export async function stopInstances(
  { compute_host: { instances_dir: instancesDir, ports_dir: portsDir } }: ComputeHostConf,
  { log, clock = systemClock }: { log: Log; clock?: Clock },
): Promise<string[]> {
  const records = await readRecords(instancesDir, (error) => log.error({ err: error }, 'an instance cannot be known'));
  const running = records.flatMap((record) => {
    const { process } = record;
    return process && isAlive(process, clock.bootId) ? [{ record, process }] : [];
  });
  await Promise.all(
    running.map(async ({ record, process }) => {
      const { id } = record.spec;
      await writeRecord(instancesDir, { ...record, ended_by: 'host' });
      await new Guest(id, process, join(folderOf(instancesDir, id), monitorSocket), log).kill('the host goes down');
      await removePort(portsDir, id);
      log.info({ instance: id, pid: process.pid }, 'an instance ended with its host');
    }),
  );
  return running.map(({ record }) => record.spec.id);
}
