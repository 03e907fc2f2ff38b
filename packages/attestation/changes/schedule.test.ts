// Windows of updates that end by themselves.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openDatabase } from '@assay/daemon/storage';
import { testClock } from '@assay/daemon/testing';
import type { Brake, Journal, LearnResult, ReferenceSummary } from '@assay/protocol';
import { migrations } from '../storage/migrations/catalogue.ts';
import type { Schema } from '../storage/schema.ts';
import type { TestServerOptions } from '../testing/server.ts';
import type { Alert } from './alarm.ts';
import { addValues } from './reference.ts';
import { createSchedule } from './schedule.ts';
import { type Fleet, type FleetHost, names, recordEvidence, startFleet, valuesOf } from './testing/fleet.ts';
import { changing } from './testing/needs.ts';

const hour = 3_600_000;

/** What `b` has that `a` has not is next for an hour, and is to replace what `a` has in its place. */
async function planned(t: TestContext, hosts: FleetHost[], options: TestServerOptions = {}) {
  const clock = testClock(Date.now());
  const fleet = await startFleet(t, hosts, { clock, verdict_lifetime: 100_000, brake_window: 10, ...options });
  const [value] = valuesOf('b').filter(
    ({ content }) => !valuesOf().some((one) => JSON.stringify(one.content) === JSON.stringify(content)),
  );
  assert.ok(value);
  const old = fleet.ids[value.component] ?? '';
  const until = new Date(clock.now().getTime() + hour).toISOString();
  const { added } = await fleet.ok<LearnResult>('POST', '/v1/reference', {
    values: [value],
    next: { until, replaces: [old] },
  });
  return { ...fleet, clock, old, next: added[0]?.id ?? '', states: statesOf(fleet, old, added[0]?.id ?? '') };
}

const statesOf =
  ({ ok }: Fleet, ...ids: string[]) =>
  async () =>
    await Promise.all(ids.map(async (id) => (await ok<ReferenceSummary>('GET', `/v1/reference/${id}`)).state));
const journal = async ({ ok }: Fleet, subject: string) =>
  (await ok<Journal>('GET', `/v1/journal?subject=${subject}`)).entries.map(({ action, by }) => `${action} ${by}`);

/** The host has booted something else, as a round would store it. */
async function boots({ server, clock }: Awaited<ReturnType<typeof planned>>, host: FleetHost) {
  const db = await openDatabase<Schema>(server.options.database, migrations);
  await db
    .transaction()
    .execute((tx) => recordEvidence(tx, host, { now: clock.now(), uptimeMs: clock.uptimeMs(), bootId: clock.bootId }));
  await db.destroy();
}

test('at the end of its window an update takes the place of what it replaces', async (t) => {
  const fleet = await planned(t, [
    { name: 'node1', variant: 'b' },
    { name: 'node2', variant: 'b' },
  ]);
  const { clock, server, states, old, next, trust } = fleet;
  assert.equal(await trust('node1'), 'trusted');
  clock.pass(hour - 1);
  await server.server.keepHouse();
  assert.deepEqual(await states(), ['current', 'next']);
  clock.pass(1);
  await server.server.keepHouse();
  assert.deepEqual(await states(), ['retired', 'current']);
  assert.deepEqual(await journal(fleet, next), ['reference-promote assay', 'reference-add somebody']);
  assert.deepEqual(await journal(fleet, old), ['reference-retire assay', 'reference-add somebody']);
  assert.equal(await trust('node1'), 'trusted');
});

test('what became due while the server was down is done at its start', async (t) => {
  const { clock, restart, old, next } = await planned(t, [{ name: 'node1', variant: 'b' }]);
  clock.pass(2 * hour);
  const states = statesOf(await restart(), old, next);
  for (let tries = 0; tries < 500 && (await states())[1] === 'next'; tries++); // nobody asks for it
  assert.deepEqual(await states(), ['retired', 'current']);
});

test('an update that too many hosts have not made yet waits, and says so once; when they have, it takes over', async (t) => {
  const fleet = await planned(t, [...names(3).map((name) => ({ name })), { name: 'moved', variant: 'b' }]);
  const { clock, server, states, next, trust, restart } = fleet;
  clock.pass(hour);
  await server.server.keepHouse();
  assert.deepEqual(await states(), ['current', 'next']);
  assert.equal(await trust('node1'), 'trusted');
  const [hold, ...others] = (await fleet.ok<Journal>('GET', `/v1/journal?subject=${next}`)).entries;
  assert.deepEqual([hold?.action, others.length], ['reference-hold', 1]);
  assert.match(hold?.text ?? '', /3 of 4 \(75 %\), most by measurement-retired: node1, node2, node3/);
  clock.pass(hour);
  await server.server.keepHouse();
  const again = await restart();
  await again.server.server.keepHouse();
  assert.equal((await journal(again, next)).length, 2, 'once, also over a restart');

  for (const name of names(3)) await boots(fleet, { name, variant: 'b', round: 2 });
  await again.server.server.keepHouse();
  assert.deepEqual(await statesOf(again, next)(), ['next'], 'tried again after a while only');
  clock.pass(600_000);
  await again.server.server.keepHouse();
  assert.deepEqual(await statesOf(again, fleet.old, next)(), ['retired', 'current']);
});

test('several that are due together may not cost what one may not', async (t) => {
  const hosts = [
    ...names(6).map((name) => ({ name, variant: 'b' })),
    { name: 'c1', variant: 'c' },
    { name: 'd1', variant: 'd' },
  ];
  const { clock, server, ok } = await planned(t, hosts, { brake_percent: 15 });
  const values = [...valuesOf('c'), ...valuesOf('d')];
  const { added } = await ok<LearnResult>('POST', '/v1/reference', { values });
  const until = new Date(clock.now().getTime() + 2 * hour).toISOString();
  const due: string[] = [];
  for (const [variant, value] of [
    ['x', added[0]],
    ['y', added[1]],
  ] as const) {
    const [fresh] = valuesOf(variant).filter(({ component }) => component === value?.component);
    const next = { until, replaces: [value?.id] };
    const result = await ok<LearnResult>('POST', '/v1/reference', { values: [fresh], next });
    due.push(result.added[0]?.id ?? '');
  }
  clock.pass(2 * hour);
  await server.server.keepHouse();
  const states = await Promise.all(
    due.map(async (id) => (await ok<ReferenceSummary>('GET', `/v1/reference/${id}`)).state),
  );
  assert.deepEqual(states.sort(), ['current', 'next']);
});

test('while the brake is on nothing is retired', async (t) => {
  const fleet = await planned(
    t,
    names(4).map((name) => ({ name, variant: 'b' })),
  );
  const { clock, server, states, next, ok } = fleet;
  const { registry } = server.server;
  for (const host of names(2)) {
    const { verdict } = registry.current(host);
    const verdicts = [{ ...verdict, trust: 'untrusted' as const }];
    registry.accept({ host, round: 9, revision: 99, verdicts, uptimeMs: clock.uptimeMs(), bootId: clock.bootId });
  }
  clock.pass(hour);
  await server.server.keepHouse();
  assert.deepEqual(await states(), ['current', 'next']);
  assert.deepEqual((await journal(fleet, next))[0], 'reference-hold assay');
  await ok('DELETE', '/v1/brake', { because: 'seen to' });
  await server.server.keepHouse();
  assert.deepEqual(await states(), ['retired', 'current']);
});

test('what is held is tried again when the brake was let go or a change was made; each reason is told once, and the brake names it', async (t) => {
  const fleet = await planned(t, [...names(3).map((name) => ({ name })), { name: 'moved', variant: 'b' }]);
  const { clock, server, states, next, ok } = fleet;
  const holds = async () =>
    (await ok<Journal>('GET', `/v1/journal?subject=${next}&action=reference-hold`)).entries.map(({ text }) => text);
  const held = async () => (await ok<Brake>('GET', '/v1/brake')).held;
  assert.deepEqual(await held(), []);
  clock.pass(hour);
  await server.server.keepHouse();
  assert.deepEqual([(await holds()).length, (await held()).length], [1, 1]);
  assert.match(
    (await held())[0] ?? '',
    new RegExp(`^${next.slice(0, 8)} .* is due since .*: .*most by measurement-ret`),
  );

  const { registry } = server.server;
  for (const host of names(2)) {
    const { verdict } = registry.current(host);
    const verdicts = [{ ...verdict, trust: 'untrusted' as const }];
    registry.accept({ host, round: 9, revision: 99, verdicts, uptimeMs: clock.uptimeMs(), bootId: clock.bootId });
  }
  await server.server.keepHouse();
  assert.match((await holds())[0] ?? '', /: the brake is on$/, 'the second reason is told, too');
  assert.match((await held()).join(), /^retirement of .*,[0-9a-f]{8} .*the brake is on$/);

  for (const name of names(3)) await boots(fleet, { name, variant: 'b', round: 2 });
  await ok('DELETE', '/v1/brake', { because: 'seen to' });
  await server.server.keepHouse();
  assert.deepEqual([await states(), await held(), (await holds()).length], [['retired', 'current'], [], 2]);
});

test('a change of what is good is worth another try of what was held', async (t) => {
  const fleet = await planned(t, [...names(3).map((name) => ({ name })), { name: 'moved', variant: 'b' }]);
  const { clock, server, states, ok } = fleet;
  clock.pass(hour);
  await server.server.keepHouse();
  for (const name of names(3)) await boots(fleet, { name, variant: 'b', round: 2 });
  await server.server.keepHouse();
  assert.deepEqual(await states(), ['current', 'next'], 'nothing has changed but the hosts');
  await ok('POST', '/v1/reference', { values: valuesOf('z') });
  await server.server.keepHouse();
  assert.deepEqual(await states(), ['retired', 'current']);
});

test('a hold of fewer hosts than before for the same reason is no news', async (t) => {
  const fleet = await planned(t, [...names(3).map((name) => ({ name })), { name: 'moved', variant: 'b' }]);
  const { clock, server, next, ok } = fleet;
  clock.pass(hour);
  await server.server.keepHouse();
  await boots(fleet, { name: 'node1', variant: 'b', round: 2 });
  clock.pass(600_000);
  await server.server.keepHouse();
  assert.match((await ok<Brake>('GET', '/v1/brake')).held.join(), /: node2, node3;/, 'the brake has it as it is now');
  assert.equal((await journal(fleet, next)).length, 2);
});

test('who is called because an update is held learns of which hosts, and which commands say more', async (t) => {
  const { needs, clock } = await changing(
    'sqlite::memory:',
    t,
    names(3).map((name) => ({ name })),
  );
  needs.brakePercent = 20;
  const { values } = (await needs.standards(needs.db)).knownGood;
  const old = values.find(({ component }) => component === 'hypervisor')?.id ?? '';
  const kernel = valuesOf('b').filter(({ component }) => component === 'hypervisor');
  const until = new Date(clock.now().getTime() + hour).toISOString();
  const { added } = await addValues(needs, kernel, { next: { until, replaces: [old] } });
  clock.pass(hour);
  const alerts: Alert[] = [];
  const fallen = ['node9'];
  const brake = { engaged: false, turned: 0, state: () => ({ fallen }) as unknown as Brake };
  const alarm = { raise: (alert: Alert) => void alerts.push(alert), close: () => Promise.resolve() };
  const heldValues = new Map<string, string>();
  const schedule = createSchedule({ ...needs, alarm, brake, heldValues });
  await schedule.run();
  assert.deepEqual(alerts[0]?.hosts, names(3));
  const short = added[0]?.id.slice(0, 8);
  for (const text of [alerts[0]?.text ?? '', ...heldValues.values()])
    assert.ok(
      text.includes(
        `; assay reference promote ${short} --dry-run says more, assay reference promote ${short} --force --because "…"`,
      ),
      text,
    );
  Object.assign(brake, { engaged: true, turned: 1 });
  await schedule.run();
  assert.deepEqual([alerts.length, alerts[1]?.hosts], [2, ['node9']]);
});
