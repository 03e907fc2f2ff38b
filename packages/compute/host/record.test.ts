import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { AssayError } from '@assay/core';
import { folderOf, type InstanceRecord, readRecord, readRecords, removeRecord, writeRecord } from './record.ts';
import { exampleSpec } from './testing/spec.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-records-'));
after(() => rmSync(dir, { recursive: true }));
const example = (): InstanceRecord => {
  const record: InstanceRecord = {
    version: 1,
    spec: exampleSpec({ trust: 'trusted' }),
    process: { pid: 4711, start_time: '123456', boot_id: 'b' },
    ended_by: 'host',
  };
  mkdirSync(folderOf(dir, record.spec.id));
  return record;
};
const fileOf = ({ spec }: InstanceRecord) => join(folderOf(dir, spec.id), 'instance.json');

test('what is written is read again, whole, and nobody else reads it', async () => {
  const record = example();
  await writeRecord(dir, record);
  assert.deepEqual(await readRecord(dir, record.spec.id), record);
  assert.equal(statSync(fileOf(record)).mode & 0o777, 0o600);
  await writeRecord(dir, { ...record, ended_by: 'guest' });
  assert.equal((await readRecord(dir, record.spec.id))?.ended_by, 'guest');
  await removeRecord(dir, record.spec.id);
  assert.equal(await readRecord(dir, record.spec.id), undefined);
  await removeRecord(dir, record.spec.id);
});

test('a record cut short anywhere, or another instance’s, is a fault and never an instance', async () => {
  const record = example();
  await writeRecord(dir, record);
  const text = readFileSync(fileOf(record), 'utf8').trim();
  for (let end = 0; end < text.length; end += 7) {
    writeFileSync(fileOf(record), text.slice(0, end));
    await assert.rejects(readRecord(dir, record.spec.id), { name: 'AssayError', code: 'instance-record' });
  }
  const other = example();
  await writeRecord(dir, other);
  writeFileSync(fileOf(record), JSON.stringify(other));
  await assert.rejects(readRecord(dir, record.spec.id), { code: 'instance-record' });
  const faults: AssayError[] = [];
  const found = await readRecords(dir, (error) => faults.push(error));
  assert.deepEqual(found, [other]);
  assert.deepEqual(
    faults.map(({ where }) => where),
    [fileOf(record)],
  );
});

test('a folder that is no instance is passed over', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'assay-records-'));
  mkdirSync(join(dir, 'lost+found'));
  mkdirSync(join(dir, exampleSpec().id)); // made, and killed before the first record
  assert.deepEqual(await readRecords(dir, (error) => assert.fail(error)), []);
  rmSync(dir, { recursive: true });
});
