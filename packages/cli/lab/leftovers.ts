// What of the lab still runs although nobody supervises it? A supervisor that was killed leaves its units behind.
import { AssayError } from '@assay/core';
import type { Layout } from './layout.ts';
import { supervisorUnit } from './supervise.ts';
import { endProcess, isAlive, type ProcessRecord, readRecords, removeRecord } from './supervisor/process-record.ts';

/** The supervisor's process, when there is one. */
export const livingSupervisor = (paths: Layout): ProcessRecord | undefined =>
  readRecords(paths.runDir).find((record) => record.unit === supervisorUnit && isAlive(record));

/** @throws AssayError `lab-down` when nobody supervises it */
export function mustBeUp(paths: Layout): void {
  if (!livingSupervisor(paths))
    throw new AssayError('lab-down', paths.root, 'a cloud that is up', 'none', { hint: 'run: assay up' });
}

/** Ends every recorded process that is still the one recorded. @returns the names of those that were alive */
export async function endLeftovers(paths: Layout): Promise<string[]> {
  const records = readRecords(paths.runDir);
  const alive = records.filter(isAlive);
  await Promise.all(alive.map((record) => endProcess(record, 5000)));
  for (const { unit } of records) removeRecord(paths.runDir, unit);
  return alive.map(({ unit }) => unit);
}
