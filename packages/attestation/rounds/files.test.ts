// Files of IMA's list are judged round after round, though a host sends each entry once: through a running server and a real TPM.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { defaultPool, type ReferenceList, type Verdict } from '@assay/protocol';
import { recordFleet } from '../changes/testing/recorded.ts';
import { registerHost } from '../storage/hosts.ts';
import { imaListLength, imaListOf, keepImaPart, longestList } from '../storage/ima-parts.ts';
import { migrations } from '../storage/migrations/catalogue.ts';
import { packed } from '../storage/packed.ts';
import { fleetOf } from '../storage/recorded-evidence.ts';
import type { Db, Schema } from '../storage/schema.ts';
import { filesOf } from '../storage/verdicts.ts';
import { type Pool, startPool } from '../testing/pool.ts';

const digestOf = (path: string) => createHash('sha256').update(`content of ${path}`).digest();
const file = (path: string, content = digestOf(path)) => ({ path, digest: content, algorithm: 'sha256' });
const counting = ({ findings }: Verdict) => findings.filter(({ allowed }) => !allowed).map(({ code }) => code);
const policy = { ...labDocument, ima: { files: 'known-good' as const } };

async function world(t: TestContext, ...known: string[]) {
  const pool = await startPool(t, { policy, brake_percent: 100 });
  const db = await openDatabase<Schema>(pool.server.options.database, migrations);
  t.after(() => db.destroy());
  if (known.length > 0) await allow(pool, ...known);
  return { pool, host: pool.host, db };
}
async function allow({ server }: Pool, ...paths: string[]) {
  const files = paths.map((path) => ({ path, digests: { sha256: digestOf(path).toString('hex') } }));
  const value = {
    component: 'operating_system',
    content: { form: 'files', files },
    source: { kind: 'list', name: 'x' },
  };
  const { status, body } = await server.call('POST', '/v1/reference', { values: [value] });
  assert.equal(status, 200, JSON.stringify(body));
}
/** One round, its challenge first. */
async function ask(pool: Pool) {
  const { challenge, verdict } = await pool.ask();
  const answer = await pool.host.answer(challenge);
  pool.peer.send(answer);
  await pool.peer.expect('result');
  return { challenge, answer, verdict: await verdict };
}
const listOf = async (db: Db) => Buffer.concat((await imaListOf(db, 'node1')).map(({ bytes }) => bytes));

test('a file that is not known stays found in later rounds, which bring only what is new', async (t) => {
  const { pool, host } = await world(t, '/usr/bin/one', '/usr/bin/two');
  await host.measure(file('/usr/bin/one'));
  assert.equal((await ask(pool)).verdict.trust, 'trusted');
  const { values } = (await pool.server.call('GET', '/v1/reference')).body as ReferenceList;
  assert.deepEqual(values.find(({ form }) => form === 'files')?.hosts, ['node1'], 'the host rests on the list');
  await host.measure(file('/usr/bin/evil'));
  const caught = await ask(pool);
  assert.deepEqual([caught.verdict.trust, counting(caught.verdict)], ['untrusted', ['ima-file-unknown']]);
  assert.match(caught.verdict.reason, /\/usr\/bin\/evil/);
  await host.measure(file('/usr/bin/two'));
  const later = await ask(pool);
  assert.ok((later.challenge.ima_offset ?? 0) > 0);
  assert.deepEqual(counting(later.verdict), ['ima-file-unknown']);
  assert.deepEqual(counting((await ask(pool)).verdict), ['ima-file-unknown'], 'also when nothing is new');
});

test('when the allow list changes, what earlier rounds brought is judged anew, and nothing is asked for again', async (t) => {
  const { pool, host } = await world(t, '/usr/bin/one');
  await host.measure(file('/usr/bin/one'), file('/usr/bin/two'));
  assert.deepEqual(counting((await ask(pool)).verdict), ['ima-file-unknown']);
  await allow(pool, '/usr/bin/two');
  assert.equal((await pool.verdict()).trust, 'trusted', 'at once');
  const { challenge, verdict } = await ask(pool);
  assert.ok((challenge.ima_offset ?? 0) > 0);
  assert.equal(verdict.trust, 'trusted');
});

test('a policy that begins to judge files judges those of the whole boot, in the next round as well', async (t) => {
  const { pool, host } = await world(t, '/usr/bin/one');
  await pool.server.call('POST', '/v1/policies', { document: labDocument });
  await host.measure(file('/usr/bin/one'), file('/usr/bin/evil'));
  assert.equal((await ask(pool)).verdict.trust, 'trusted');
  await pool.server.call('POST', '/v1/policies', { document: policy });
  assert.equal((await pool.verdict()).trust, 'untrusted');
  assert.deepEqual(counting((await ask(pool)).verdict), ['ima-file-unknown']);
});

test('silence forgets nothing of what was judged', async (t) => {
  const { pool, host, db } = await world(t, '/usr/bin/one');
  await host.measure(file('/usr/bin/evil'));
  await ask(pool);
  const before = (await filesOf(db, 'node1')).get(defaultPool);
  assert.ok(before);
  const { challenge, verdict } = await pool.ask();
  pool.peer.send({ type: 'failed', challenge: challenge.challenge, code: 'tpm-x', message: 'x' });
  assert.equal((await verdict).trust, 'unknown');
  await pool.peer.expect('result');
  assert.equal((await filesOf(db, 'node1')).get(defaultPool), before);
  assert.deepEqual(counting((await ask(pool)).verdict), ['ima-file-unknown']);
});

test('where nothing is remembered of what was judged, a round judges the whole list by what is kept of it', async (t) => {
  const { pool, host, db } = await world(t, '/usr/bin/one');
  await host.measure(file('/usr/bin/evil'));
  await ask(pool);
  for (const files of [null, '{"basis":', '{"basis":"another"}']) {
    await db.updateTable('verdicts').set({ files }).execute();
    await host.measure(file('/usr/bin/one'));
    const { challenge, verdict } = await ask(pool);
    assert.ok((challenge.ima_offset ?? 0) > 0);
    assert.deepEqual(counting(verdict), ['ima-file-unknown'], String(files));
  }
});

test('what is kept of a list is what its rounds proved; another boot begins another', async (t) => {
  const { pool, host, db } = await world(t);
  for (const path of ['/a', '/b', '/c']) {
    await host.measure(file(path));
    await ask(pool);
    assert.deepEqual(await listOf(db), Buffer.from(host.imaList ?? []));
  }
  await host.measure(file('/d'));
  const honest = Buffer.from(host.imaList ?? []);
  host.imaList = Buffer.concat([honest, Buffer.from(host.imaList ?? []).subarray(-90)]); // not extended
  await ask(pool);
  assert.deepEqual(await listOf(db), honest);
  await host.reboot();
  await host.measure(file('/e'));
  await ask(pool);
  assert.deepEqual(await listOf(db), Buffer.from(host.imaList ?? []));
  await host.reboot();
  await ask(pool);
  assert.equal(await imaListLength(db, 'node1'), 0, 'a boot without IMA');
});

test('a host of which the list is not kept is asked for all of it, when its files are to be judged', async (t) => {
  const { pool, host, db } = await world(t, '/usr/bin/one', '/usr/bin/two');
  await host.measure(file('/usr/bin/one'));
  await ask(pool);
  await db.deleteFrom('ima_parts').execute(); // as after an upgrade
  const first = await ask(pool);
  assert.equal(first.challenge.ima_offset, 0);
  assert.deepEqual([first.verdict.trust, await listOf(db)], ['trusted', Buffer.from(host.imaList ?? [])]);
  await host.measure(file('/usr/bin/two'));
  const second = await ask(pool);
  assert.ok((second.challenge.ima_offset ?? 0) > 0);
  assert.equal(second.verdict.trust, 'trusted');
});

eachDatabase(
  'parts follow one another without a gap, small ones together; what does not follow is not kept',
  async (url, t) => {
    const db = await openDatabase<Schema>(url, migrations);
    t.after(() => db.destroy());
    await registerHost(db, { name: 'node1', ekPin: undefined, now: new Date() });
    const bytes = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7919) % 251));
    const keep = (from: number, to: number) =>
      db.transaction().execute((tx) => keepImaPart(tx, 'node1', { offset: from, bytes: bytes.subarray(from, to) }));
    const whole = async () => Buffer.concat((await imaListOf(db, 'node1')).map((part) => part.bytes));
    for (let at = 0; at < 60_000; at += 3_000) await keep(at, at + 3_000);
    assert.deepEqual(await whole(), bytes);
    assert.equal((await imaListOf(db, 'node1')).length, 4, 'rows are few');
    assert.equal(await imaListLength(db, 'node1'), 60_000);
    const upTo = await imaListOf(db, 'node1', 40_000);
    assert.deepEqual(Buffer.concat(upTo.map((part) => part.bytes)), bytes.subarray(0, 40_000));
    await keep(0, 10);
    assert.deepEqual(await whole(), bytes.subarray(0, 10), 'from 0 on the list begins anew');
    await keep(20, 30);
    assert.deepEqual([await whole(), await imaListLength(db, 'node1')], [Buffer.alloc(0), 0]);
    await keep(30, 40);
    assert.equal(await imaListLength(db, 'node1'), 0);
  },
);

eachDatabase('a list that is too long is not kept, and counts with the evidence as long as it is', async (url, t) => {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const moment = { now: new Date(), uptimeMs: 0, bootId: 'x' };
  await recordFleet(db, [{ name: 'node1' }, { name: 'node2' }], moment);
  const stored = (length: number) => ({ host: 'node1', offset: 0, length, data: packed('as good as any') });
  await db
    .insertInto('ima_parts')
    .values(stored(longestList - 5))
    .execute();
  const [one, two] = (await fleetOf(db)).map(({ evidence }) => evidence?.bytes ?? 0).sort((a, b) => a - b);
  assert.equal((two ?? 0) - (one ?? 0), longestList - 5);
  const keep = (offset: number, length: number) =>
    db.transaction().execute((tx) => keepImaPart(tx, 'node1', { offset, bytes: new Uint8Array(length) }));
  await keep(longestList - 5, 5);
  assert.equal(await imaListLength(db, 'node1'), longestList);
  assert.equal((await imaListOf(db, 'node1')).length, 2);
  await keep(longestList, 1);
  assert.equal(await imaListLength(db, 'node1'), 0);
  await db
    .insertInto('ima_parts')
    .values(stored(longestList + 1))
    .execute();
  assert.deepEqual(await imaListOf(db, 'node1'), []);
});

test('a list that is too long to be kept is not asked for again in every round; its files stay unread', async (t) => {
  const { pool, host, db } = await world(t, '/usr/bin/one');
  await host.measure(file('/usr/bin/one'));
  await ask(pool);
  const { last_quote } = await db.selectFrom('enrolments').select('last_quote').executeTakeFirstOrThrow();
  const state = JSON.parse(last_quote ?? '');
  state.ima.list.offset = longestList + 1;
  await db
    .updateTable('enrolments')
    .set({ last_quote: JSON.stringify(state) })
    .execute();
  await db.deleteFrom('ima_parts').execute();
  const { challenge } = await pool.ask();
  assert.equal(challenge.ima_offset, longestList + 1);
});
