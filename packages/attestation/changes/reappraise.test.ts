import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownVerdict } from '@assay/appraisal';
import { testPolicy } from '@assay/appraisal/testing';
import { eachDatabase } from '@assay/daemon/testing';
import { keepLabels, registerHost, removeHost } from '../storage/hosts.ts';
import type { FleetEntry } from '../storage/recorded-evidence.ts';
import { keepVerdicts, readVerdicts } from '../storage/verdicts.ts';
import { countUp } from '../storage/versions.ts';
import { applyPolicy } from './policies.ts';
import { reappraiseHosts } from './reappraise.ts';
import { batchesOf } from './recorded.ts';
import { addValues, removeValues, retireValues } from './reference.ts';
import { fleetPolicy, names, recordEvidence, valuesOf } from './testing/fleet.ts';
import { changing } from './testing/needs.ts';

const strict = { ...fleetPolicy, tpm: { software: false } };

eachDatabase('every host is judged anew by a change, on its own evidence, with the times of that', async (url, t) => {
  const hosts = [
    ...names(70).map((name) => ({ name })),
    { name: 'odd1', variant: 'b' },
    { name: 'odd2', variant: 'c' },
  ];
  const { needs, db, clock, verdict, moment } = await changing(url, t, hosts);
  const given = moment();
  clock.pass(60_000);
  await addValues(needs, valuesOf('b'), {});
  const trust = Object.fromEntries(hosts.map(({ name }) => [name, verdict(name).trust]));
  assert.deepEqual(trust, {
    ...Object.fromEntries(names(70).map((name) => [name, 'trusted'])),
    odd1: 'trusted',
    odd2: 'untrusted',
  });
  const { stored } = await readVerdicts(db);
  for (const { round, uptimeMs, bootId, verdicts, revision, host } of stored) {
    assert.deepEqual([round, uptimeMs, bootId], [1, given.uptimeMs, given.bootId]);
    assert.equal(verdicts[0]?.verified_at, given.now.toISOString());
    assert.deepEqual(verdicts[0], verdict(host));
    assert.equal(revision, (await needs.standards(db)).revision);
  }
});

eachDatabase('a later round stays, whoever judges an earlier one', async (url, t) => {
  const { needs, db, registry, moment, verdict } = await changing(url, t, [{ name: 'node1' }]);
  const { now, uptimeMs, bootId } = moment();
  const why = { code: 'no-answer', message: 'nothing came' };
  const verdicts = [unknownVerdict({ host: 'node1', why, policy: testPolicy(), endorsement: undefined, now })];
  const { revision } = await needs.standards(db);
  const later = { host: 'node1', round: 2, revision, uptimeMs, bootId, verdicts };
  await db.transaction().execute((tx) => keepVerdicts(tx, later));
  registry.accept(later);
  await applyPolicy(needs, { document: { ...fleetPolicy, pool: 'second' } });
  for (const pool of ['default', 'second']) {
    const { trust, findings } = verdict('node1', pool);
    assert.deepEqual([trust, findings[0]?.code], ['unknown', 'no-answer'], pool);
  }
  assert.equal((await readVerdicts(db)).stored[0]?.round, 2);
});

eachDatabase(
  'whoever is trusted and has no evidence that says so is in doubt by a change, and asked',
  async (url, t) => {
    const hosts = names(6).map((name) => ({ name }));
    const { needs, db, verdict, asked } = await changing(url, t, hosts);
    const { host: _, ...evidence } = await db
      .selectFrom('evidence')
      .selectAll()
      .where('host', '=', 'node1')
      .executeTakeFirstOrThrow();
    const spoil = (host: string, changes: Partial<typeof evidence>) =>
      db.updateTable('evidence').set(changes).where('host', '=', host).execute();
    await db.deleteFrom('evidence').where('host', '=', 'node1').execute();
    await spoil('node2', { ak_name: 'ab' });
    await spoil('node3', { wanted: null });
    await spoil('node4', { claimed: '{"quote": 5}' });
    await spoil('node5', { nonce: evidence.nonce });
    await db.updateTable('verdicts').set({ round: 2 }).where('host', '=', 'node6').execute();
    await applyPolicy(needs, { document: { ...fleetPolicy, description: 'another' } });
    const seen = Object.fromEntries(
      hosts.map(({ name }) => [name, `${verdict(name).trust} ${verdict(name).findings[0]?.code}`]),
    );
    assert.deepEqual(seen, {
      ...Object.fromEntries([1, 2, 3, 4].map((i) => [`node${i}`, 'unknown appraisal-failed'])),
      node5: 'untrusted quote-nonce',
      node6: 'unknown appraisal-failed',
    });
    assert.deepEqual(asked.sort(), ['node1', 'node2', 'node3', 'node4', 'node6']);
  },
);

eachDatabase(
  'a boot log that is no longer there, or not the one that was named, makes nobody trusted',
  async (url, t) => {
    const { needs, db, verdict } = await changing(url, t, [{ name: 'node1' }, { name: 'odd1', variant: 'b' }]);
    await addValues(needs, valuesOf('b'), {});
    const { log } = await db
      .selectFrom('boot_logs')
      .select('log')
      .where('sha256', 'in', logOf(db, 'node1'))
      .executeTakeFirstOrThrow();
    await db.updateTable('boot_logs').set({ log }).where('sha256', 'in', logOf(db, 'odd1')).execute();
    await db.deleteFrom('boot_logs').where('sha256', 'in', logOf(db, 'node1')).execute();
    needs.knownLogs = new (await import('@assay/appraisal')).KnownLogs(0);
    await applyPolicy(needs, { document: { ...fleetPolicy, description: 'another' }, force: true, because: 'test' });
    assert.deepEqual([verdict('node1').trust, verdict('node1').findings[0]?.code], ['unknown', 'log-left-out']);
    assert.notEqual(verdict('odd1').trust, 'trusted');
  },
);

const logOf = (db: Awaited<ReturnType<typeof changing>>['db'], host: string) =>
  db.selectFrom('evidence').select('event_log_sha256').where('host', '=', host).$castTo<{ event_log_sha256: string }>();

eachDatabase('a host that was removed and registered again has nothing of what it had', async (url, t) => {
  const { needs, db, registry, clock, verdict } = await changing(url, t, [{ name: 'node1' }, { name: 'node2' }]);
  await db.transaction().execute((tx) => removeHost(tx, 'node1'));
  registry.remove('node1');
  await db.transaction().execute((tx) => registerHost(tx, { name: 'node1', ekPin: undefined, now: clock.now() }));
  registry.add('node1');
  const { rehearsal } = await applyPolicy(needs, { document: { ...fleetPolicy, description: 'another' } });
  assert.deepEqual([rehearsal.hosts, rehearsal.silent], [1, ['node1']]);
  assert.deepEqual([verdict('node1').trust, verdict('node1').findings[0]?.code], ['unknown', 'no-evidence']);
  assert.deepEqual(
    (await readVerdicts(db)).stored.map(({ host }) => host),
    ['node2'],
  );
});

eachDatabase('only the hosts that are named, when only their labels changed', async (url, t) => {
  const { needs, db, verdict } = await changing(url, t, [{ name: 'node1' }, { name: 'node2' }]);
  await applyPolicy(needs, { document: { ...fleetPolicy, pool: 'second', labels: { site: 'x' } } });
  const before = verdict('node2');
  await db.transaction().execute(async (tx) => {
    await keepLabels(tx, 'node1', { site: 'x' });
    await countUp(tx, 'standards');
  });
  await reappraiseHosts(needs, ['node1']);
  assert.equal(verdict('node1', 'second').trust, 'trusted');
  assert.deepEqual(verdict('node2'), before);
});

eachDatabase('labels that change while a change is rehearsed have it rehearsed anew', async (url, t) => {
  const { needs, db, verdict } = await changing(url, t, [{ name: 'node1' }]);
  let between = 2;
  const { standards } = needs;
  needs.standards = async (of, present) => {
    const found = await standards(of, present);
    if (of === db && between-- > 0) await db.transaction().execute((tx) => countUp(tx, 'standards'));
    return found;
  };
  await applyPolicy(needs, { document: strict, force: true, because: 'test' });
  assert.equal(verdict('node1').trust, 'untrusted');
  between = Number.POSITIVE_INFINITY;
  await assert.rejects(applyPolicy(needs, { document: fleetPolicy }), { code: 'change-stale' });
  assert.equal(verdict('node1').trust, 'untrusted');
});

eachDatabase('a round that ends while hosts are judged anew is not undone', async (url, t) => {
  const { needs, db, verdict, registry, moment } = await changing(url, t, [{ name: 'node1' }]);
  const { values } = (await needs.standards(db)).knownGood;
  const hypervisor = values.find(({ component }) => component === 'hypervisor')?.id ?? '';
  // As soon as the change is stored another round ends, judged by the new standards.
  const { transaction } = db;
  const round = async () => {
    const { now, uptimeMs, bootId } = moment();
    const why = { code: 'no-answer', message: 'nothing came' };
    const { revision } = await needs.standards(db);
    const verdicts = [unknownVerdict({ host: 'node1', why, policy: testPolicy(), endorsement: undefined, now })];
    const stored = { host: 'node1', round: 2, revision, uptimeMs, bootId, verdicts };
    await transaction.call(db).execute((tx) => keepVerdicts(tx, stored));
    registry.accept(stored);
  };
  const excuse = needs.fallWatch.excuse.bind(needs.fallWatch);
  needs.fallWatch.excuse = async (hosts, work) => {
    await round();
    return await excuse(hosts, work);
  };
  await retireValues(needs, [hypervisor], { force: true, because: 'test' });
  assert.deepEqual([verdict('node1').trust, verdict('node1').findings[0]?.code], ['unknown', 'no-answer']);
});

eachDatabase('a host that boots something else while a change is rehearsed is judged by what it is', async (url, t) => {
  const { needs, db, verdict, moment } = await changing(url, t, [{ name: 'node1' }]);
  const excuse = needs.fallWatch.excuse.bind(needs.fallWatch);
  needs.fallWatch.excuse = async (hosts, work) => {
    await db.transaction().execute((tx) => recordEvidence(tx, { name: 'node1', variant: 'b', round: 2 }, moment()));
    return await excuse(hosts, work);
  };
  await applyPolicy(needs, { document: { ...fleetPolicy, description: 'another' } });
  assert.deepEqual([verdict('node1').trust, verdict('node1').findings[0]?.code], ['untrusted', 'measurement-unknown']);
});

test('what only a verdict rests on, only recorded evidence, or only an update is to replace, is in use', async (t) => {
  const { needs, db, clock } = await changing('sqlite::memory:', t, [{ name: 'node1' }]);
  const { values } = (await needs.standards(db)).knownGood;
  const used = values.find(({ component }) => component === 'hypervisor')?.id ?? '';
  const inUse = { code: 'reference-in-use' };
  const evidence = await db.selectFrom('evidence').selectAll().executeTakeFirstOrThrow();
  await db.deleteFrom('evidence').execute();
  await assert.rejects(removeValues(needs, [used], {}), inUse, 'a verdict alone');
  await db.insertInto('evidence').values(evidence).execute();
  clock.pass(8_000_000);
  await assert.rejects(removeValues(needs, [used], {}), inUse, 'evidence alone: its verdict has expired');
  const [unused] = (await addValues(needs, valuesOf('z'), {})).added;
  const id = unused?.id ?? '';
  await addValues(needs, valuesOf('y'), { next: { replaces: [id] } });
  await assert.rejects(removeValues(needs, [id], {}), inUse, 'an update is to replace it');
});

test('no more evidence is in memory than a batch holds, unless one alone is larger', () => {
  const entry = (bytes: number): FleetEntry => ({ host: 'x', evidence: { round: 1, log: null, bytes } });
  const sizes = (fleet: FleetEntry[]) => [...batchesOf(fleet)].map((batch) => batch.length);
  const mebibyte = 1 << 20;
  assert.deepEqual(sizes(Array.from({ length: 70 }, () => entry(3000))), [32, 32, 6]);
  assert.deepEqual(sizes(Array.from({ length: 5 }, () => entry(3 * mebibyte))), [2, 2, 1]);
  assert.deepEqual(sizes([entry(100), entry(20 * mebibyte), entry(100)]), [1, 1, 1]);
  assert.deepEqual(sizes(Array.from({ length: 40 }, () => ({ host: 'silent' }))), [32, 8]);
  assert.deepEqual(sizes([]), []);
});
