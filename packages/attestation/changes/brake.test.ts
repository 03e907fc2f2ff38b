import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestClock, testClock } from '@assay/daemon/testing';
import type { Brake, Journal, ReferenceChangeResult, Trust } from '@assay/protocol';
import type { TestServerOptions } from '../testing/server.ts';
import { type Fleet, names, startFleet } from './testing/fleet.ts';

type Brought = Fleet & { clock: TestClock; brake(): Promise<Brake>; becomes(trust: Trust, ...hosts: string[]): void };

/** Ten hosts that are trusted; what their rounds come to a test says. */
async function ten(t: Parameters<typeof startFleet>[0], options: TestServerOptions = {}): Promise<Brought> {
  const clock = testClock(Date.now());
  const hosts = names(10).map((name) => ({ name }));
  return on(await startFleet(t, hosts, { clock, brake_percent: 20, brake_window: 300, ...options }), clock);
}

function on(fleet: Fleet, clock: TestClock): Brought {
  let round = 100;
  const { registry } = fleet.server.server;
  return {
    ...fleet,
    clock,
    brake: () => fleet.ok<Brake>('GET', '/v1/brake'),
    becomes(trust, ...hosts) {
      round++;
      for (const host of hosts) {
        const { verdict } = registry.current(host);
        const verified_at = clock.now().toISOString();
        const expires_at = new Date(clock.now().getTime() + 3_600_000).toISOString();
        const verdicts = [{ ...verdict, trust, verified_at, expires_at }];
        const at = { uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
        registry.accept({ host, round, revision: 1000, verdicts, ...at });
      }
    },
  };
}

const lines = async ({ ok }: Fleet) =>
  (await ok<Journal>('GET', '/v1/journal?subject=fleet&action=brake-')).entries.map(({ action, by, because }) => [
    action,
    by,
    because,
  ]);

test('when more than its share falls within the window the brake engages, and verdicts stay what they are', async (t) => {
  const fleet = await ten(t);
  const { brake, becomes, trust, clock } = fleet;
  assert.deepEqual(await brake(), {
    ...{ engaged: false, fallen: [], trusted_before: 10, brake_percent: 20, window_s: 300, held: [] },
  });
  becomes('untrusted', 'node1', 'node2');
  assert.equal((await brake()).engaged, false, 'as much as it lets');
  clock.pass(1000);
  becomes('unknown', 'node3');
  const { held, ...engaged } = await brake();
  assert.deepEqual(engaged, {
    ...{ engaged: true, since: clock.now().toISOString(), fallen: ['node1', 'node2', 'node3'] },
    ...{ trusted_before: 10, brake_percent: 20, window_s: 300 },
  });
  assert.match(held.join(), /retirement/);
  assert.deepEqual(
    [await trust('node1'), await trust('node3'), await trust('node4')],
    ['untrusted', 'unknown', 'trusted'],
  );
  becomes('untrusted', 'node4');
  assert.deepEqual(await lines(fleet), [['brake-engage', 'assay', undefined]], 'told once');
});

test('hosts that fall one after the other, slower than the window, do not engage it', async (t) => {
  const { brake, becomes, clock, server } = await ten(t);
  for (const host of names(6)) {
    becomes('untrusted', host);
    clock.pass(300_000);
    await server.server.keepHouse();
    assert.equal((await brake()).engaged, false, host);
  }
});

test('a host that is removed has not fallen, and counts no more', async (t) => {
  const { brake, ok } = await ten(t);
  for (const host of names(3)) await ok('DELETE', `/v1/hosts/${host}`);
  const { engaged, fallen, trusted_before } = await brake();
  assert.deepEqual([engaged, fallen, trusted_before], [false, [], 7]);
});

test('one host alone is never the fleet', async (t) => {
  const clock = testClock(Date.now());
  const { brake, becomes } = on(await startFleet(t, [{ name: 'node1' }], { clock, brake_percent: 0 }), clock);
  becomes('untrusted', 'node1');
  assert.equal((await brake()).engaged, false);
});

test('verdicts that expire count, though nobody tells of them', async (t) => {
  const { brake, clock, server } = await ten(t, { verdict_lifetime: 3700 });
  clock.pass(3_700_000);
  await server.server.keepHouse();
  const { engaged, fallen } = await brake();
  assert.deepEqual([engaged, fallen.length], [true, 10]);
});

test('who lost trust by a change that was forced has not fallen', async (t) => {
  const { brake, becomes, clock, ok, ids, trust } = await ten(t);
  const forcedAt = clock.now().toISOString();
  await ok<ReferenceChangeResult>('POST', '/v1/reference/retire', {
    ids: [ids['hypervisor']],
    force: true,
    because: 'CVE-1',
  });
  assert.equal(await trust('node1'), 'untrusted');
  assert.deepEqual((await brake()).engaged, false);
  assert.deepEqual((await brake()).forced, { hosts: names(10).sort(), at: forcedAt });
  clock.pass(3_000_000);
  becomes('trusted', ...names(9));
  assert.deepEqual((await brake()).forced, { hosts: ['node10'], at: forcedAt }, 'who is back is not told');
  clock.pass(86_400_000);
  assert.equal((await brake()).forced, undefined, 'a day later it is no news');
});

test('who fell by a forced change while the brake is on is no reason for it, and is told beside the others', async (t) => {
  const { brake, becomes, ok, ids } = await ten(t);
  becomes('untrusted', ...names(5));
  becomes('trusted', ...names(5));
  const retiring = { ids: [ids['hypervisor']], force: true, because: 'CVE-1' };
  await ok<ReferenceChangeResult>('POST', '/v1/reference/retire', retiring);
  const { engaged, fallen, forced, releases_in_s } = await brake();
  assert.deepEqual([engaged, fallen, forced?.hosts.length, releases_in_s], [true, [], 5, 300]);
});

test('somebody releases it, with a reason; then it is as if nobody had fallen', async (t) => {
  const fleet = await ten(t);
  const { brake, becomes, ok } = fleet;
  becomes('untrusted', ...names(5));
  assert.equal((await brake()).engaged, true);
  const released = await ok<Brake>('DELETE', '/v1/brake', { by: 'ada', because: 'a switch was dead' });
  assert.deepEqual([released.engaged, released.fallen, released.since, released.held], [false, [], undefined, []]);
  await ok<Brake>('DELETE', '/v1/brake?by=eve');
  assert.deepEqual(await lines(fleet), [
    ['brake-release', 'ada', 'a switch was dead'],
    ['brake-engage', 'assay', undefined],
  ]);
  becomes('untrusted', 'node6');
  assert.equal((await brake()).engaged, false);
  becomes('untrusted', 'node7');
  assert.equal((await brake()).engaged, true, 'two of the five that were left');
});

test('hosts that come back let it go by themselves, after a window without more that are down than it lets', async (t) => {
  const fleet = await ten(t);
  const { brake, becomes, clock, server } = fleet;
  becomes('untrusted', ...names(3));
  clock.pass(600_000);
  await server.server.keepHouse();
  assert.deepEqual((await brake()).fallen, names(3), 'nobody who is down is forgotten while it is on');
  assert.equal((await brake()).releases_in_s, undefined);
  becomes('trusted', 'node1');
  await server.server.keepHouse();
  clock.pass(299_000);
  assert.equal((await brake()).releases_in_s, 1);
  becomes('untrusted', 'node4');
  await server.server.keepHouse();
  becomes('trusted', 'node4');
  await server.server.keepHouse();
  clock.pass(299_000);
  await server.server.keepHouse();
  assert.equal((await brake()).engaged, true, 'the window began anew');
  clock.pass(1_000);
  await server.server.keepHouse();
  assert.equal((await brake()).engaged, false);
  assert.deepEqual(
    (await lines(fleet)).map(([action]) => action),
    ['brake-release', 'brake-engage'],
  );
});

test('after a restart whoever is not trusted counts as fallen, and holds it on', async (t) => {
  const first = await ten(t, { verdict_lifetime: 3700 });
  first.clock.pass(3_700_000);
  await first.server.server.keepHouse();
  assert.equal((await first.brake()).engaged, true);
  const second = on(await first.restart(), first.clock);
  assert.deepEqual((await second.brake()).fallen, names(10).sort());
  for (const _ of [1, 2, 3]) {
    first.clock.pass(300_000);
    await second.server.server.keepHouse();
  }
  assert.equal((await second.brake()).engaged, true);
});

test('a restart does not release it', async (t) => {
  const first = await ten(t);
  first.becomes('untrusted', ...names(5));
  assert.equal((await first.brake()).engaged, true);
  const { since } = await first.brake();
  const second = on(await first.restart(), first.clock);
  const { engaged, since: still } = await second.brake();
  assert.deepEqual([engaged, still], [true, since]);
  await second.ok('DELETE', '/v1/brake');
  const third = on(await second.restart(), first.clock);
  assert.equal((await third.brake()).engaged, false);
});
