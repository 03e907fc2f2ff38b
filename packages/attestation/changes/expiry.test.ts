// Verdicts that expire, and changes of what is good: who is not heard any more is won back by no change, and is no weight in any scale.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import type { LearnResult, PolicyResult, ReferenceChangeResult, Verdict } from '@assay/protocol';
import fc from 'fast-check';
import { applyPolicy } from './policies.ts';
import { retireValues } from './reference.ts';
import { fleetPolicy, gist, names, recordEvidence, startFleet, valuesOf } from './testing/fleet.ts';
import { changing } from './testing/needs.ts';
import { heldNoLonger } from './verdict-life.ts';

const lasting = (max_age: number, more = {}) => ({
  ...fleetPolicy,
  evidence: { ...fleetPolicy.evidence, max_age },
  ...more,
});

test('a policy by which evidence is good for longer wins back nobody who is not heard any more', async (t) => {
  const clock = testClock(Date.now());
  const hosts = names(3).map((name) => ({ name }));
  const { server, ok, trust } = await startFleet(t, hosts, { clock, verdict_lifetime: 90, attestation_period: 30 });
  const { expires_at } = (await server.host('node1')).verdict;
  clock.pass(60_000);
  await ok('POST', '/v1/policies', { document: lasting(604_800) });
  assert.equal(await trust('node1'), 'trusted');
  assert.equal((await server.host('node1')).verdict.expires_at, expires_at, 'the next round gives the longer life');
  clock.pass(3 * 86_400_000);
  for (const change of [{ dry_run: true }, {}]) {
    const { rehearsal } = await ok<PolicyResult>('POST', '/v1/policies', { document: lasting(604_000), ...change });
    assert.deepEqual([rehearsal.losing, rehearsal.changes, rehearsal.stale], [0, [], 3]);
  }
  for (const { name } of hosts) assert.equal(await trust(name), 'unknown');
});

test('a pool that a host enters holds it no longer than the pools it was in', async (t) => {
  const { needs, clock, verdict } = await changing('sqlite::memory:', t, [{ name: 'node1' }]);
  const { expires_at } = verdict('node1');
  clock.pass(1000);
  await applyPolicy(needs, { document: lasting(604_800, { pool: 'second' }) });
  assert.deepEqual([verdict('node1', 'second').trust, verdict('node1', 'second').expires_at], ['trusted', expires_at]);
  clock.pass(7_200_000);
  await applyPolicy(needs, { document: lasting(604_800, { pool: 'third' }) });
  assert.equal(verdict('node1', 'third').trust, 'unknown');
});

test('a policy by which evidence is good for less costs those their trust whose evidence is older, and the brake sees that', async (t) => {
  const clock = testClock(Date.now());
  const { ok, refused, trust, server } = await startFleet(
    t,
    names(3).map((name) => ({ name })),
    { clock, attestation_period: 30 },
  );
  clock.pass(600_000);
  const document = lasting(31);
  const dry = await ok<PolicyResult>('POST', '/v1/policies', { document, dry_run: true });
  assert.deepEqual(gist(dry), [3, 100, names(3).map((name) => `${name} trusted→unknown`)]);
  assert.equal(dry.rehearsal.changes[0]?.code, 'verdict-expired');
  assert.deepEqual((await refused('POST', '/v1/policies', { document })).slice(0, 2), [409, 'policy-brake']);
  assert.equal(await trust('node1'), 'trusted');
  await ok('POST', '/v1/policies', { document, force: true, because: 'an audit' });
  assert.equal(await trust('node1'), 'unknown');
  await server.server.keepHouse();
  const { engaged, fallen } = await ok<{ engaged: boolean; fallen: string[] }>('GET', '/v1/brake');
  assert.deepEqual([engaged, fallen], [false, []], 'what was forced is no fall');
});

test('hosts that were not heard for a day do not make the share of those that would lose trust smaller', async (t) => {
  const { needs, clock, db, registry, moment } = await changing('sqlite::memory:', t, [
    { name: 'live1' },
    { name: 'live2' },
    ...names(8, 'dead').map((name) => ({ name })),
  ]);
  needs.brakePercent = 20;
  clock.pass(86_400_000);
  for (const name of ['live1', 'live2']) {
    const stored = registry.stored(name);
    assert.ok(stored);
    await db.transaction().execute((tx) => recordEvidence(tx, { name, round: 2 }, moment()));
    const times = {
      verified_at: clock.now().toISOString(),
      expires_at: new Date(clock.now().getTime() + 90_000).toISOString(),
    };
    registry.accept({
      ...stored,
      ...moment(),
      round: 2,
      verdicts: stored.verdicts.map((one) => ({ ...one, ...times })),
    });
  }
  const document = { ...fleetPolicy, tpm: { software: false } };
  const { rehearsal } = await applyPolicy(needs, { document, dry_run: true });
  assert.deepEqual([rehearsal.losing, rehearsal.losing_percent, rehearsal.stale], [2, 100, 8]);
  await assert.rejects(applyPolicy(needs, { document }), { code: 'policy-brake' });
});

test('while no verdict holds, a change counts whom it would cost trust when they are heard again', async (t) => {
  const clock = testClock(Date.now());
  const hosts = names(3).map((name) => ({ name }));
  const { ok, refused, ids } = await startFleet(t, hosts, { clock });
  const [retire, which] = ['/v1/reference/retire', { ids: [ids['hypervisor']] }];
  clock.pass(7_200_000);
  const { rehearsal } = await ok<ReferenceChangeResult>('POST', retire, { ...which, dry_run: true });
  assert.deepEqual(
    [rehearsal.losing, rehearsal.changes, rehearsal.stale, rehearsal.unheard, rehearsal.losing_unheard],
    [0, [], undefined, 3, 3],
  );
  assert.deepEqual([rehearsal.losing_percent, rehearsal.silent], [100, []]);
  assert.deepEqual(
    rehearsal.when_heard?.map(({ host, before, after, code }) => [host, before, after, code]),
    names(3).map((name) => [name, 'trusted', 'untrusted', 'measurement-retired']),
  );
  const [status, code, message] = await refused('POST', retire, { ...which, because: 'while unknown' });
  assert.deepEqual([status, code], [409, 'reference-brake']);
  assert.match(
    message,
    /got 3 of 3 \(100 %\), 3 of them when heard again, most by measurement-retired: node1, node2, node3/,
  );
  const other = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('b') });
  assert.deepEqual([other.rehearsal?.unheard, other.rehearsal?.losing_percent], [3, 0]);
  clock.pass(86_400_000 - 7_200_000 - 1);
  assert.equal((await refused('POST', retire, which))[1], 'reference-brake', 'a millisecond short of a day');
  clock.pass(1);
  const later = await ok<ReferenceChangeResult>('POST', retire, which);
  assert.deepEqual([later.rehearsal.unheard, later.rehearsal.stale, later.rehearsal.losing_percent], [undefined, 3, 0]);
});

test('a host whose round was cut short counts by its last evidence, and one that nothing was known of does not', async (t) => {
  const { needs, registry, moment, verdict } = await changing('sqlite::memory:', t, [
    { name: 'cut' },
    { name: 'live' },
    { name: 'odd', variant: 'b' },
  ]);
  const { values } = (await needs.standards(needs.db)).knownGood;
  const id = values.find(({ component }) => component === 'hypervisor')?.id ?? '';
  for (const name of ['cut', 'odd']) {
    const stored = registry.stored(name);
    assert.ok(stored);
    const verdicts = [{ ...verdict(name), trust: 'unknown' as const, reason: 'cut short', findings: [] }];
    registry.accept({ ...stored, ...moment(), round: 2, verdicts });
  }
  const { rehearsal } = await retireValues(needs, [id], { dry_run: true });
  const { losing, losing_unheard, unheard, losing_percent, silent } = rehearsal;
  assert.deepEqual([losing, losing_unheard, unheard, losing_percent, silent], [1, 1, 1, 100, ['odd']]);
});

test('what changes cost hosts that are away counts together within the window, unless it is taken back', async (t) => {
  const clock = testClock(Date.now());
  const hosts = [
    ...names(8).map((name) => ({ name })),
    { name: 'b1', variant: 'b' },
    { name: 'c1', variant: 'c' },
    { name: 'd1', variant: 'd' },
  ];
  const { ok, refused } = await startFleet(t, hosts, { clock, brake_percent: 20 });
  const own: string[] = [];
  for (const variant of ['b', 'c', 'd'])
    own.push((await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf(variant) })).added[0]?.id ?? '');
  clock.pass(7_200_000);
  await ok('POST', '/v1/reference/retire', { ids: [own[0]] });
  await ok('POST', '/v1/reference/retire', { ids: [own[1]] });
  const [, code, message] = await refused('POST', '/v1/reference/retire', { ids: [own[2]] });
  assert.equal(code, 'reference-brake');
  assert.match(message, /got 1, and 2 by changes just before, of 11/);
  await ok('POST', '/v1/reference/reinstate', { ids: [own[0]] });
  await ok('POST', '/v1/reference/retire', { ids: [own[2]] });
});

test('whatever was before, nothing given anew holds longer than it did', () => {
  const pool = fc.constantFrom('a', 'b', 'c');
  const one = fc.record({ pool, lifeS: fc.integer({ min: 0, max: 1000 }) });
  const at = Date.parse('2026-01-01T00:00:00.000Z');
  const verdictOf = ({ pool, lifeS }: { pool: string; lifeS: number }): Verdict => ({
    ...{ host: 'node1', pool, trust: lifeS === 0 ? 'unknown' : 'trusted', reason: 'x', software_tpm: false },
    ...{ components: [], findings: [] },
    verified_at: new Date(at).toISOString(),
    expires_at: new Date(at + lifeS * 1000).toISOString(),
  });
  const byPool = fc.uniqueArray(one, { selector: ({ pool }) => pool });
  fc.assert(
    fc.property(byPool, byPool, (before, after) => {
      const ends = new Map(before.map(({ pool, lifeS }) => [pool, lifeS === 0 ? 90 : lifeS]));
      const held = heldNoLonger(after.map(verdictOf), before.map(verdictOf), 90);
      held.forEach(({ expires_at }, i) => {
        const { pool, lifeS } = after[i] as (typeof after)[number];
        const most = ends.get(pool) ?? (before.length > 0 ? Math.min(...ends.values()) : 0);
        assert.equal((Date.parse(expires_at) - at) / 1000, Math.min(lifeS, most));
      });
    }),
  );
});
