// What does this host know of an instance, also after it was killed? One file an instance, `instance.json` in its folder,
// which QEMU can neither write nor read. Whether the guest should run is not in it: that is the compute API's to know.
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { parse } from '@assay/protocol';
import { type Static, Type } from 'typebox';
import { EndedBy, InstanceSpec } from '../link/frames.ts';
import { ProcessId } from './process.ts';

export const InstanceRecord = Type.Object({
  version: Type.Literal(1),
  spec: InstanceSpec,
  /** Of the QEMU that was started last, alive or not; written before it runs. */
  process: Type.Optional(ProcessId),
  /** Why that does not run; absent: nobody saw it end. */
  ended_by: Type.Optional(EndedBy),
});
export type InstanceRecord = Static<typeof InstanceRecord>;

export const folderOf = (instancesDir: string, id: string): string => join(instancesDir, id);
const fileOf = (instancesDir: string, id: string) => join(folderOf(instancesDir, id), 'instance.json');

/** Replaces it in one step and for good: after a crash there is the old or the new one, whole. */
export async function writeRecord(instancesDir: string, record: InstanceRecord): Promise<void> {
  const file = fileOf(instancesDir, record.spec.id);
  const handle = await open(`${file}.next`, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.next`, file);
  const folder = await open(folderOf(instancesDir, record.spec.id), constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync().finally(() => folder.close());
}

/** Nothing when there is no such instance. @throws AssayError `instance-record` when there is one that cannot be read */
export async function readRecord(instancesDir: string, id: string): Promise<InstanceRecord | undefined> {
  const file = fileOf(instancesDir, id);
  try {
    const record = parse(InstanceRecord, await readFile(file, 'utf8'), file);
    if (record.spec.id === id) return record;
    throw new AssayError('instance-record', file, `instance ${id}`, record.spec.id);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (cause instanceof AssayError && cause.code === 'instance-record') throw cause;
    throw new AssayError('instance-record', file, 'what compute-host wrote', cause, { cause });
  }
}

/** Every instance of this host; what cannot be read is told and left alone. */
export async function readRecords(instancesDir: string, fault: (error: AssayError) => void): Promise<InstanceRecord[]> {
  await mkdir(instancesDir, { recursive: true, mode: 0o711 });
  const records: InstanceRecord[] = [];
  for (const id of await readdir(instancesDir)) {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) continue;
    try {
      const record = await readRecord(instancesDir, id);
      if (record) records.push(record);
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      fault(error);
    }
  }
  return records;
}

export const removeRecord = (instancesDir: string, id: string): Promise<void> =>
  rm(folderOf(instancesDir, id), { recursive: true, force: true });
