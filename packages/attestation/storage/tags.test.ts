import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { registerHost, removeHost } from './hosts.ts';
import { migrations } from './migrations/catalogue.ts';
import type { Db, Schema } from './schema.ts';
import {
  expectedTagsFrom,
  expectedTagsOf,
  expectedTagsText,
  findTags,
  keepCertified,
  keepProblem,
  keepTags,
  knownTags,
} from './tags.ts';

const now = new Date('2026-11-23T10:00:00.000Z');
const later = new Date('2026-11-23T11:00:00.000Z');

async function open(url: string, t: TestContext): Promise<Db> {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  for (const name of ['node1', 'node2']) await registerHost(db, { name, ekPin: undefined, now });
  return db;
}

const serial = 1_780_000_000_123;
const write = (db: Db, host: string, tags: object, number = serial) =>
  keepTags(db, { host, tags: JSON.stringify(tags), serial: number, written_at: now.toISOString() });

eachDatabase('tags written anew are not certified yet, whatever those of before were', async (url, t) => {
  const db = await open(url, t);
  await write(db, 'node1', { country: 'DE' });
  await keepProblem(db, { host: 'node1', serial, problem: 'no room' });
  assert.equal((await findTags(db, 'node1'))?.problem, 'no room');
  await keepCertified(db, { host: 'node1', serial }, later);
  const row = await findTags(db, 'node1');
  assert.deepEqual([row?.certified_at, row?.problem, row?.serial], [later.toISOString(), null, serial]);
  await write(db, 'node1', { country: 'AT' }, serial + 1);
  const anew = await findTags(db, 'node1');
  assert.deepEqual([anew?.certified_at, anew?.problem, anew?.tags], [null, null, '{"country":"AT"}']);
});

eachDatabase(
  'what is said of an older record changes nothing, and nothing of one that was certified',
  async (url, t) => {
    const db = await open(url, t);
    await write(db, 'node1', { country: 'DE' });
    await keepCertified(db, { host: 'node1', serial: serial - 1 }, later);
    await keepProblem(db, { host: 'node1', serial: serial - 1, problem: 'old' });
    assert.deepEqual(
      [(await findTags(db, 'node1'))?.certified_at, (await findTags(db, 'node1'))?.problem],
      [null, null],
    );
    await keepCertified(db, { host: 'node1', serial }, now);
    await keepCertified(db, { host: 'node1', serial }, later);
    await keepProblem(db, { host: 'node1', serial, problem: 'late' });
    const row = await findTags(db, 'node1');
    assert.deepEqual([row?.certified_at, row?.problem], [now.toISOString(), null], 'the first time counts');
  },
);

eachDatabase('hosts whose tags were taken away have none; those of a removed host go with it', async (url, t) => {
  const db = await open(url, t);
  await write(db, 'node1', { country: 'DE' });
  await write(db, 'node2', {});
  assert.deepEqual([...(await knownTags(db)).keys()], ['node1']);
  assert.deepEqual((await knownTags(db, 'node2')).size, 0);
  await removeHost(db, 'node1');
  assert.equal(await findTags(db, 'node1'), undefined);
});

eachDatabase('what was expected in a round is kept as it was', async (url, t) => {
  const db = await open(url, t);
  await write(db, 'node1', { country: 'DE' });
  const columns = { tags: '{"country":"DE"}', tag_serial: serial, tags_certified_at: null };
  const expected = { tags: { country: 'DE' }, serial, wasCertified: false };
  assert.deepEqual(expectedTagsOf(columns), expected);
  assert.deepEqual(expectedTagsFrom(expectedTagsText(expected)), expected);
  assert.equal(expectedTagsOf({ ...columns, tags: '{}' }), undefined);
  assert.equal(expectedTagsOf({ tags: null, tag_serial: null, tags_certified_at: null }), undefined);
  assert.deepEqual(
    [expectedTagsText(undefined), expectedTagsFrom(null), expectedTagsFrom(undefined)],
    [null, undefined, undefined],
  );
  assert.throws(() => expectedTagsOf({ ...columns, tags: '{"country":""}' }), { code: 'message-schema' });
});
