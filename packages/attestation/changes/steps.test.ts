// The brake and many small changes: what each costs counts together, for as long as its window is.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import type { Brake, Journal, LearnResult, ReferenceChangeResult } from '@assay/protocol';
import { type Fleet, startFleet, valuesOf } from './testing/fleet.ts';

const variants = ['b', 'c', 'd', 'e', 'f'];
const hosts = ['a', ...variants].map((variant) => ({ name: `n-${variant}`, variant }));

/** Six hosts, five of which are good by a value of their own each. */
async function six(t: TestContext) {
  const clock = testClock(Date.now());
  const fleet = await startFleet(t, hosts, { clock, verdict_lifetime: 100_000, brake_window: 300, brake_percent: 34 });
  const own: string[] = [];
  for (const variant of variants) {
    const { added } = await fleet.ok<LearnResult>('POST', '/v1/reference', { values: valuesOf(variant) });
    own.push(added[0]?.id ?? '');
  }
  const retire = (i: number, change = {}) =>
    fleet.ok<ReferenceChangeResult>('POST', '/v1/reference/retire', { ids: [own[i]], ...change });
  const refused = (i: number) => fleet.refused('POST', '/v1/reference/retire', { ids: [own[i]] });
  return { ...fleet, clock, own, retire, refusedToRetire: refused };
}
const trusted = async ({ trust }: Fleet) => {
  const all = await Promise.all(hosts.map(async ({ name }) => ((await trust(name)) === 'trusted' ? [name] : [])));
  return all.flat();
};

test('what may not be done at once is not done in steps', async (t) => {
  const fleet = await six(t);
  const { retire, refusedToRetire, clock, own, ok } = fleet;
  assert.equal((await retire(0)).rehearsal.lost_recently, undefined);
  clock.pass(100_000);
  const second = (await retire(1)).rehearsal;
  assert.deepEqual([second.losing, second.lost_recently, Math.round(second.losing_percent)], [1, 1, 33]);
  const [status, code, message] = await refusedToRetire(2);
  assert.deepEqual([status, code], [409, 'reference-brake']);
  assert.match(message, /1, and 2 by changes just before, of 6 \(50 %\)/);
  assert.equal((await trusted(fleet)).length, 4);
  const free = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('z') });
  assert.deepEqual([free.rehearsal?.losing, free.rehearsal?.losing_percent], [0, 0], 'what costs nobody is free');
  clock.pass(200_000);
  assert.equal((await refusedToRetire(2))[0], 409, 'the window of the second');
  clock.pass(100_000);
  assert.equal((await retire(2)).rehearsal.losing_percent, 25);
  assert.equal(own.length, 5);
});

test('who was given back what a change took does not count any more', async (t) => {
  const { retire, own, ok } = await six(t);
  await retire(0);
  await retire(1);
  await ok('POST', '/v1/reference/reinstate', { ids: [own[0]] });
  const { losing, lost_recently } = (await retire(2)).rehearsal;
  assert.deepEqual([losing, lost_recently], [1, 1]);
});

test('what was forced is spent: it makes no later change dearer', async (t) => {
  const { retire } = await six(t);
  await retire(0, { force: true, because: 'x' });
  await retire(1, { force: true, because: 'x' });
  const { losing_percent, lost_recently } = (await retire(2)).rehearsal;
  assert.deepEqual([losing_percent, lost_recently], [25, undefined]);
});

test('what changes cost that nobody forced are falls; with others they engage the brake', async (t) => {
  const { retire, ok, server, clock } = await six(t);
  await retire(0);
  await retire(1);
  const { engaged, fallen } = await ok<Brake>('GET', '/v1/brake');
  assert.deepEqual([engaged, fallen], [false, ['n-b', 'n-c']]);
  const { registry } = server.server;
  const { verdict } = registry.current('n-a');
  const at = { uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
  registry.accept({ host: 'n-a', round: 9, revision: 99, verdicts: [{ ...verdict, trust: 'untrusted' }], ...at });
  assert.equal((await ok<Brake>('GET', '/v1/brake')).engaged, true);
});

test('updates whose windows end one after the other cost no more than one that costs as much', async (t) => {
  const fleet = await six(t);
  const { ok, own, clock, server } = fleet;
  for (const [i, id] of own.entries()) {
    const [value] = valuesOf(String.fromCharCode(110 + i)).filter(({ component }) => component === 'hypervisor');
    const until = new Date(clock.now().getTime() + (i + 1) * 5000).toISOString();
    await ok('POST', '/v1/reference', { values: [value], next: { until, replaces: [id] } });
  }
  for (const _ of own) {
    clock.pass(5000);
    await server.server.keepHouse();
  }
  assert.equal((await trusted(fleet)).length, 4);
  const { entries } = await ok<Journal>('GET', '/v1/journal?action=reference-hold');
  assert.deepEqual([entries.length, entries[0]?.by], [3, 'assay']);
});

test('nobody else is the server, by whatever spelling, and labels are few', async (t) => {
  const { refused, server } = await startFleet(t, [{ name: 'node1' }]);
  for (const by of ['assay', 'Assay', ' assay ']) {
    assert.equal((await refused('POST', '/v1/reference', { values: valuesOf('b'), by }))[0], 400, by);
    assert.equal((await refused('DELETE', `/v1/brake?by=${encodeURIComponent(by)}`))[0], 400, by);
    assert.equal((await refused('PUT', '/v1/hosts/node1/labels', { labels: {}, by }))[0], 400, by);
  }
  assert.equal((await server.call('DELETE', '/v1/brake', { by: 'assay@console', because: 'seen to' })).status, 200);
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']));
  assert.equal((await refused('PUT', '/v1/hosts/node1/labels', { labels: labels(65) }))[0], 400);
  assert.equal((await server.call('PUT', '/v1/hosts/node1/labels', { labels: labels(64) })).status, 200);
});
