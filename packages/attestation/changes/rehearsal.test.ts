import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, Trust, Verdict } from '@assay/protocol';
import fc from 'fast-check';
import { isBraked, Tally } from './rehearsal.ts';

const verdict = (pool: string, trust: Trust, code = 'measurement-unknown', allowed = false): Verdict => ({
  ...{ host: 'node1', pool, trust, software_tpm: false, components: [] },
  reason: trust === 'trusted' ? 'all known good' : `because of ${code}`,
  findings: trust === 'trusted' && !allowed ? [] : [{ code, message: code, ...(allowed && { allowed }) } as Finding],
  verified_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T00:01:00.000Z',
});
const result = (tally: Tally, brakePercent = 20) => tally.result({ silent: [], brakePercent });

test('who would lose trust is named first, with the finding that decides', () => {
  const tally = new Tally();
  tally.add('a', [verdict('default', 'unknown', 'reference-missing')], [verdict('default', 'trusted')]);
  tally.add('c', [verdict('default', 'trusted')], [verdict('default', 'untrusted', 'measurement-retired')]);
  tally.add('b', [verdict('default', 'trusted')], [verdict('default', 'trusted')]);
  assert.deepEqual(tally.result({ silent: ['z', 'y'], brakePercent: 20 }), {
    hosts: 3,
    silent: ['y', 'z'],
    changes: [
      {
        ...{ host: 'c', pool: 'default', before: 'trusted', after: 'untrusted' },
        ...{ code: 'measurement-retired', reason: 'because of measurement-retired' },
      },
      { host: 'a', pool: 'default', before: 'unknown', after: 'trusted', reason: 'all known good' },
    ],
    losing: 1,
    losing_percent: 50,
    brake_percent: 20,
  });
  assert.deepEqual([...tally.losers], ['c']);
});

test('a host that keeps its trust in one pool and loses it in another loses trust; it counts once', () => {
  const tally = new Tally();
  tally.add(
    'a',
    [verdict('default', 'trusted'), verdict('x', 'trusted'), verdict('y', 'trusted')],
    [verdict('default', 'trusted'), verdict('x', 'unknown', 'policy-missing')],
  );
  const { losing, losing_percent, changes } = result(tally);
  assert.deepEqual([losing, losing_percent], [1, 100]);
  assert.deepEqual(
    changes.map(({ pool, before, after, reason }) => [pool, before, after, reason]),
    [
      ['x', 'trusted', 'unknown', 'because of policy-missing'],
      ['y', 'trusted', undefined, 'no longer in this pool'],
    ],
  );
});

test('a host that is not trusted for another reason than before has another verdict; an allowed finding is no reason', () => {
  const tally = new Tally();
  tally.add('a', [verdict('default', 'untrusted')], [verdict('default', 'untrusted', 'measurement-retired')]);
  tally.add('b', [verdict('default', 'untrusted')], [verdict('default', 'untrusted')]);
  tally.add('c', [verdict('default', 'trusted')], [verdict('default', 'trusted', 'boot-order', true)]);
  assert.deepEqual(
    result(tally).changes.map(({ host, code }) => [host, code]),
    [['a', 'measurement-retired']],
  );
});

test('the code is that of the finding whose words the reason has, not of the one listed before it', () => {
  const message = 'hypervisor: it was retired';
  for (const reason of [message, `${message} (and 1 more finding)`]) {
    const findings = [
      { code: 'ek-crl-stale', message: 'hypervisor' },
      { code: 'boot-order', message, allowed: true },
      { code: 'measurement-retired', message },
    ];
    const tally = new Tally();
    tally.add('a', [verdict('default', 'trusted')], [{ ...verdict('default', 'untrusted'), reason, findings }]);
    const [change] = result(tally).changes;
    assert.deepEqual([change?.code, change?.reason], ['measurement-retired', reason]);
  }
});

test('many changes are counted, and those that lose trust listed before others', () => {
  const tally = new Tally();
  for (let i = 0; i < 1500; i++)
    tally.add(`gain${i}`, [verdict('default', 'unknown')], [verdict('default', 'trusted')]);
  for (let i = 0; i < 700; i++) tally.add(`lose${i}`, [verdict('default', 'trusted')], [verdict('default', 'unknown')]);
  const { changes, more, losing } = result(tally);
  assert.deepEqual([changes.length, more, losing], [1000, 1200, 700]);
  assert.ok(changes.slice(0, 700).every(({ host }) => host.startsWith('lose')));
  assert.ok(changes.slice(700).every(({ host }) => host.startsWith('gain')));
});

test('a host that is trusted in one pool and not heard in another is one host, whichever it loses', () => {
  const tally = new Tally(new Map([['back', new Set(['default'])]]));
  const [good, bad] = [verdict('x', 'trusted'), verdict('x', 'untrusted', 'measurement-retired')];
  tally.add('a', [verdict('default', 'trusted')], [verdict('default', 'untrusted')]);
  tally.addUnheard('a', [good], [bad]);
  tally.add('b', [verdict('default', 'trusted')], [verdict('default', 'trusted')]);
  tally.addUnheard('b', [good], [good]);
  tally.addUnheard('c', [good], []);
  tally.add(
    'd',
    [verdict('default', 'unknown', 'verdict-expired')],
    [verdict('default', 'unknown', 'verdict-expired')],
  );
  tally.addUnheard('d', [], []);
  tally.addUnheard('back', [], [verdict('default', 'trusted')]);
  const { hosts, losing, losing_unheard, unheard, stale, lost_recently, losing_percent, when_heard } = result(tally);
  assert.deepEqual([hosts, losing, losing_unheard, unheard, stale], [4, 1, 1, 1, 1]);
  assert.deepEqual([lost_recently, Math.round(losing_percent)], [undefined, 67]);
  assert.deepEqual(
    when_heard?.map(({ host, pool, after, reason }) => [host, pool, after, reason]),
    [
      ['a', 'x', 'untrusted', 'because of measurement-retired'],
      ['c', 'x', undefined, 'no longer in this pool'],
    ],
  );
  assert.equal(isBraked(result(tally)), true);
});

test('the brake holds what costs more than its share, and nothing that costs nobody', () => {
  const of = (losers: number, stay: number, brakePercent: number) => {
    const tally = new Tally();
    for (let i = 0; i < losers; i++)
      tally.add(`l${i}`, [verdict('default', 'trusted')], [verdict('default', 'unknown')]);
    for (let i = 0; i < stay; i++) tally.add(`s${i}`, [verdict('default', 'trusted')], [verdict('default', 'trusted')]);
    return isBraked(result(tally, brakePercent));
  };
  assert.equal(of(2, 8, 20), false, 'as much as it lets');
  assert.equal(of(3, 8, 20), true);
  assert.equal(of(1, 99, 0), true);
  assert.equal(of(0, 5, 0), false);
  assert.equal(of(5, 0, 100), false, 'one hundred: never');
  assert.equal(of(0, 0, 0), false);
});

test('losers are the hosts trusted before in a pool and not after, whatever the verdicts', () => {
  const trust = fc.option(fc.constantFrom<Trust>('trusted', 'untrusted', 'unknown'), { nil: undefined });
  const host = fc.record({ a: trust, b: trust });
  fc.assert(
    fc.property(fc.array(fc.tuple(host, host), { maxLength: 20 }), (fleet) => {
      const verdicts = (one: Record<string, Trust | undefined>) =>
        Object.entries(one).flatMap(([pool, is]) => (is ? [verdict(pool, is)] : []));
      const tally = new Tally();
      fleet.forEach(([before, after], i) => {
        tally.add(`h${i}`, verdicts(before), verdicts(after));
      });
      const pools = ['a', 'b'] as const;
      const losers = fleet.flatMap(([before, after], i) =>
        pools.some((pool) => before[pool] === 'trusted' && after[pool] !== 'trusted') ? [`h${i}`] : [],
      );
      const trusted = fleet.filter(([before]) => pools.some((pool) => before[pool] === 'trusted')).length;
      const { losing, losing_percent } = result(tally);
      assert.deepEqual([...tally.losers], losers);
      assert.equal(losing, losers.length);
      assert.equal(losing_percent, trusted === 0 ? 0 : (100 * losers.length) / trusted);
    }),
  );
});
