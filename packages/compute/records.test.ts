import assert from 'node:assert/strict';
import { eachDatabase } from '@assay/daemon/testing';
import { openRecords } from './records.ts';
import { changeInstance } from './storage/instances.ts';
import { openStorage } from './storage/open.ts';
import { insertExample } from './testing/instance.ts';

const now = new Date('2026-11-23T10:00:00.000Z');

eachDatabase('a record is what the row says now, and a deleted instance has none', async (url) => {
  await assert.rejects(openRecords(url));
  const db = await openStorage(url);
  const records = await openRecords(url);
  try {
    const user_data = Buffer.from('#!/bin/sh\n').toString('base64');
    const { id } = await insertExample(db, { user_data, key_name: 'k', public_key: 'ssh-ed25519 AAAA' }, now);
    const before = await records.instance(id);
    assert.deepEqual([before?.host, before?.vmState, before?.flavorName], [undefined, 'building', 'm1.tiny']);
    assert.equal(Buffer.from(before?.userData ?? []).toString(), '#!/bin/sh\n');
    await changeInstance(db, id, { host: 'node1' }, now);
    assert.equal((await records.instance(id))?.host, 'node1');
    await changeInstance(db, id, { vm_state: 'deleted' }, now);
    assert.equal(await records.instance(id), undefined);
    assert.equal(await records.instance('nothing'), undefined);
  } finally {
    await records.close();
    await db.destroy();
  }
});
