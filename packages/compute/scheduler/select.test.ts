import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import fc from 'fast-check';
import { makeFilters, type NamedFilter } from './filters/catalogue.ts';
import type { HostState, Placement } from './filters/filter.ts';
import type { Opinion } from './poll-hosts.ts';
import { select } from './select.ts';
import { weigh } from './weigh.ts';

const clock = testClock();
const host = (name: string, change: Partial<HostState> = {}): HostState => ({
  host: name,
  hypervisorHostname: name,
  zone: 'nova',
  memoryMb: 1024,
  memoryMbUsed: 0,
  lastSeenAt: clock.now(),
  connected: true,
  disabledReason: undefined,
  ...change,
});
const wants = (change: Partial<Placement> = {}): Placement => ({
  memoryMb: 256,
  trust: null,
  pool: null,
  tags: null,
  wantedZone: null,
  wantedHost: null,
  ...change,
});

function filters(
  trust: Record<string, Opinion> = {},
  polls: string[][] = [],
  pools: (string | undefined)[] = [],
): NamedFilter[] {
  const poll = async (hosts: readonly string[], pool?: string) => {
    polls.push([...hosts]);
    pools.push(pool);
    return (name: string) => trust[name] ?? { trust: undefined, reason: 'not named' };
  };
  const parts = { clock, poll, ramAllocationRatio: 1, serviceDownTimeS: 60 };
  return makeFilters(['AvailabilityZoneFilter', 'RamFilter', 'ComputeFilter', 'TrustedFilter'], parts);
}
const trusted: Opinion = { trust: 'trusted', reason: 'verified 1 s ago' };

test('each host that is refused is named with the filter that refused it and why', async () => {
  const hosts = [
    host('a', { zone: 'west' }),
    host('b', { memoryMbUsed: 1000 }),
    host('c', { disabledReason: 'new disk' }),
    host('d', { lastSeenAt: new Date(clock.now().getTime() - 61_000) }),
    host('e', { connected: false }),
    host('f'),
    host('g'),
    host('h'),
  ];
  const opinions: Record<string, Opinion> = {
    f: { trust: 'untrusted', reason: 'verified 2 s ago' },
    g: trusted,
  };
  const result = await select(wants({ trust: 'trusted', wantedZone: 'nova' }), hosts, filters(opinions));
  assert.deepEqual(
    result.decisions.map(({ host, filter }) => [host, filter]),
    [
      ['a', 'AvailabilityZoneFilter'],
      ['b', 'RamFilter'],
      ['c', 'ComputeFilter'],
      ['d', 'ComputeFilter'],
      ['e', 'ComputeFilter'],
      ['f', 'TrustedFilter'],
      ['g', null],
      ['h', 'TrustedFilter'],
    ],
  );
  const reasons = Object.fromEntries(result.decisions.map(({ host, reason }) => [host, reason]));
  assert.equal(reasons['b'], 'has 24 MB of memory free, 256 MB are needed');
  assert.equal(reasons['c'], 'is disabled: new disk');
  assert.match(reasons['f'] ?? '', /untrusted/);
  assert.equal(reasons['g'], null);
  assert.deepEqual(
    result.passing.map(({ host }) => host),
    ['g'],
  );
});

test('the attestation server is asked once, for the hosts that are left, and not at all when no trust is asked for', async () => {
  const polls: string[][] = [];
  const hosts = [host('a'), host('b', { memoryMbUsed: 1024 }), host('c')];
  await select(wants({ trust: 'trusted' }), hosts, filters({ a: trusted, c: trusted }, polls));
  assert.deepEqual(polls, [['a', 'c']]);
  await select(wants(), hosts, filters({}, polls));
  await select(wants({ trust: 'trusted', memoryMb: 4096 }), hosts, filters({}, polls));
  assert.equal(polls.length, 1);
});

test('the attestation server is asked for the hypervisor’s name', async () => {
  const polls: string[][] = [];
  await select(wants({ trust: 'trusted' }), [host('a', { hypervisorHostname: 'a.example' })], filters({}, polls));
  assert.deepEqual(polls, [['a.example']]);
});

test('the attestation server is asked about the pool that is asked for, and a refusal names it', async () => {
  const [polls, pools] = [[] as string[][], [] as (string | undefined)[]];
  const hosts = [host('a'), host('b'), host('c')];
  const opinions: Record<string, Opinion> = {
    a: trusted,
    b: { trust: 'untrusted', reason: 'verified 1 s ago' },
    c: { trust: undefined, reason: 'has no verdict' },
  };
  const { decisions } = await select(
    wants({ trust: 'trusted', pool: 'secure' }),
    hosts,
    filters(opinions, polls, pools),
  );
  assert.deepEqual(polls, [['a', 'b', 'c']]);
  await select(wants({ trust: 'trusted' }), hosts, filters(opinions, polls, pools));
  assert.deepEqual(pools, ['secure', undefined]);
  assert.match(decisions[1]?.reason ?? '', /^is untrusted in pool secure to the attestation server/);
  assert.equal(decisions[2]?.reason, 'pool secure: has no verdict');
});

test('a host needs every tag that is asked for, certified, and trust as well; the refusal names the tag', async () => {
  const opinions: Record<string, Opinion> = {
    a: { ...trusted, tags: { country: 'DE', zone: 'fra1' } },
    b: { ...trusted, tags: { country: 'FR', zone: 'fra1' } },
    c: { ...trusted, tags: { zone: 'fra1' } },
    d: trusted,
    e: { trust: 'untrusted', reason: 'verified 1 s ago', tags: { country: 'DE', zone: 'fra1' } },
  };
  const hosts = Object.keys(opinions).map((name) => host(name));
  const tags = { country: ['AT', 'DE'], zone: ['fra1'] };
  for (const trust of ['trusted', null] as const) {
    const { passing, decisions } = await select(wants({ trust, tags }), hosts, filters(opinions));
    assert.deepEqual(
      passing.map(({ host }) => host),
      ['a'],
    );
    const [, b, c, d, e] = decisions.map(({ reason }) => reason);
    assert.equal(b, 'tag country is FR, AT or DE is asked for');
    assert.equal(c, 'tag country=AT or DE is asked for and not certified');
    assert.equal(d, `${c}; tag zone=fra1 is asked for and not certified`);
    assert.match(e ?? '', /^is untrusted/);
  }
});

test('a flavor that asks for unknown or untrusted hosts gets hosts of just that verdict', async () => {
  const opinions = {
    a: trusted,
    b: { trust: 'unknown', reason: '' },
    c: { trust: undefined, reason: '' },
  } satisfies Record<string, Opinion>;
  const hosts = [host('a'), host('b'), host('c')];
  const { passing } = await select(wants({ trust: 'unknown' }), hosts, filters(opinions));
  assert.deepEqual(
    passing.map(({ host }) => host),
    ['b'],
    'no answer is not the answer `unknown`',
  );
});

test('a forced host still has to pass every filter', async () => {
  const opinions: Record<string, Opinion> = { a: { trust: 'untrusted', reason: '' }, b: trusted };
  const { passing, decisions } = await select(
    wants({ trust: 'trusted', wantedHost: 'a' }),
    [host('a'), host('b')],
    filters(opinions),
  );
  assert.deepEqual(passing, []);
  assert.deepEqual(
    decisions.map(({ filter }) => filter),
    ['TrustedFilter', 'ForcedHost'],
  );
});

test('a host that failed in this boot is not tried again, and the reason stays visible', async () => {
  const { passing, decisions } = await select(
    wants(),
    [host('a'), host('b')],
    filters(),
    new Map([['a', 'ticket refused']]),
  );
  assert.deepEqual(
    passing.map(({ host }) => host),
    ['b'],
  );
  assert.deepEqual(decisions[0], { host: 'a', filter: 'RetryFilter', reason: 'ticket refused' });
});

test('the host with the most free memory comes first, equal ones by name', () => {
  const hosts = [host('b', { memoryMbUsed: 256 }), host('d'), host('c'), host('a', { memoryMbUsed: 512 })];
  assert.deepEqual(
    weigh(hosts, 1).map(({ host }) => host),
    ['c', 'd', 'b', 'a'],
  );
});

test('a host passes exactly when every filter passes it alone, whatever stands beside it', async () => {
  const anyHost = fc.record({
    memoryMbUsed: fc.integer({ min: 0, max: 1024 }),
    zone: fc.constantFrom('nova', 'west'),
    connected: fc.boolean(),
    trust: fc.constantFrom('trusted', 'untrusted', 'unknown', undefined),
  });
  const anyWish = fc.record({
    memoryMb: fc.integer({ min: 1, max: 1024 }),
    trust: fc.constantFrom(null, 'trusted' as const),
    pool: fc.constantFrom(null, 'secure'),
    wantedZone: fc.constantFrom(null, 'nova'),
    wantedHost: fc.constantFrom(null, 'h0', 'h1'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyHost, { maxLength: 6 }), anyWish, async (facts, wish) => {
      const hosts = facts.map(({ trust: _, ...rest }, index) => host(`h${index}`, rest));
      const opinions = Object.fromEntries(facts.map(({ trust }, index) => [`h${index}`, { trust, reason: '' }]));
      const { passing, decisions } = await select({ ...wish, tags: null }, hosts, filters(opinions));
      for (const [index, one] of hosts.entries()) {
        const alone =
          (wish.wantedZone === null || one.zone === wish.wantedZone) &&
          (wish.wantedHost === null || one.host === wish.wantedHost) &&
          one.memoryMb - one.memoryMbUsed >= wish.memoryMb &&
          one.connected &&
          (wish.trust === null || facts[index]?.trust === 'trusted');
        assert.equal(passing.includes(one), alone);
        assert.equal(decisions[index]?.filter === null, alone);
      }
    }),
  );
});
