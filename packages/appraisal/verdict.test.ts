import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endorsement } from './endorsement/endorsement.ts';
import { allComponents, verdictOf } from './verdict.ts';

const times = {
  host: 'node1',
  policy: { pool: 'default', verdictLifetimeS: 90 },
  now: new Date(0),
  endorsement: undefined,
};
const trust = (...args: Parameters<typeof verdictOf>) => verdictOf(...args).trust;

test('only a host without a finding, all of whose components are known good, is trusted', () => {
  const good = allComponents('trusted', 'as known good');
  assert.equal(trust(times, { findings: [], components: good }), 'trusted');
  assert.equal(trust(times, { findings: [{ code: 'new', message: 'x' }], components: good }), 'untrusted');
  assert.equal(trust(times, { findings: [], components: good.slice(1) }), 'unknown');
  assert.equal(trust(times, { findings: [], components: [] }), 'unknown');
  const doubted = good.with(2, { component: 'hypervisor', trust: 'unknown', reason: 'x' });
  assert.equal(trust(times, { findings: [], components: doubted }), 'unknown');
});

test('what makes a host untrusted comes before what is only unknown', () => {
  const findings = [
    { code: 'reference-missing', message: 'a' },
    { code: 'log-broken', message: 'b' },
  ];
  const verdict = verdictOf(times, { findings, components: allComponents('unknown', 'x') });
  assert.equal(verdict.trust, 'untrusted');
  assert.equal(verdict.reason, 'b (and 1 more finding)');
});

test('without a finding it is the first component that is asked for and not good that is the reason', () => {
  const results = allComponents('trusted', 'good')
    .with(0, { component: 'firmware', trust: 'unknown', reason: 'not asked for' })
    .with(2, { component: 'hypervisor', trust: 'unknown', reason: 'doubted' });
  const policy = { ...times.policy, knownGood: ['boot_loader', 'hypervisor', 'operating_system'] };
  const verdict = verdictOf({ ...times, policy }, { findings: [], components: results });
  assert.deepEqual([verdict.trust, verdict.reason], ['unknown', 'doubted']);
});

test('a verdict says by which version and revision it was judged, if by any, and how many findings there are', () => {
  const rest = { findings: [1, 2, 3].map((i) => ({ code: 'log-broken', message: `${i}` })), components: [] };
  const without = verdictOf(times, rest);
  assert.ok(!('policy_version' in without) && !('revision' in without) && !('virtual_tpm' in without));
  assert.equal(without.reason, '1 (and 2 more findings)');
  const judged = verdictOf({ ...times, policy: { ...times.policy, version: 3 }, revision: 7 }, rest);
  assert.deepEqual([judged.policy_version, judged.revision], [3, 7]);
});

test('a cloud’s virtual TPM is told apart from one of software and from a chip', () => {
  const endorsed = (software: boolean, virtual: boolean) =>
    verdictOf(
      { ...times, endorsement: { software, virtual } as Endorsement },
      { findings: [], components: allComponents('trusted', 'x') },
    );
  assert.match(endorsed(false, true).reason, /; vouched for by a cloud’s virtual TPM$/);
  assert.equal(endorsed(false, true).virtual_tpm, true);
  assert.match(endorsed(true, false).reason, /; vouched for by a software TPM$/);
  assert.equal(endorsed(false, false).reason, 'all measurements are known good');
});

test('a verdict says in words what was asked for', () => {
  const results = [
    ...allComponents('trusted', 'x'),
    { component: 'disk_keys', trust: 'trusted' as const, reason: 'x' },
  ];
  const reason = (...knownGood: string[]) =>
    verdictOf({ ...times, policy: { ...times.policy, knownGood } }, { findings: [], components: results }).reason;
  const four = results.slice(0, 4).map(({ component }) => component);
  assert.equal(reason(...four), 'all measurements are known good');
  assert.equal(reason(...four, 'disk_keys'), 'all measurements and disk keys are known good');
  assert.equal(reason('boot_loader'), 'boot loader is known good: no more is asked for');
  assert.equal(
    reason('firmware', 'hypervisor', 'disk_keys'),
    'firmware, hypervisor and disk keys are known good: no more is asked for',
  );
  assert.equal(reason(), 'nothing was appraised');
});

test('who asks for a component gets no trust without it, whatever else is good', () => {
  const good = allComponents('trusted', 'x');
  const of = (knownGood: string[]) => ({ ...times, policy: { ...times.policy, knownGood } });
  assert.equal(trust(of(['firmware']), { findings: [], components: good.slice(0, 1) }), 'trusted');
  assert.equal(trust(of(['firmware', 'disk_keys']), { findings: [], components: good }), 'unknown');
  assert.equal(trust(of([]), { findings: [], components: good }), 'unknown');
});

test('where nothing is known of a host, that is said of extras too', () => {
  const document = { pool: 'default', extras: [{ name: 'disk_keys', pcrs: [15] }] };
  assert.ok(
    allComponents('unknown', 'x').every((one) => !('demanded' in one)),
    'without a policy all are asked for',
  );
  const all = allComponents('unknown', 'x', { knownGood: ['firmware', 'disk_keys'], document });
  assert.deepEqual(
    all.map(({ component, demanded }) => [component, demanded]),
    [
      ['firmware', undefined],
      ['boot_loader', false],
      ['hypervisor', false],
      ['operating_system', false],
      ['disk_keys', undefined],
    ],
  );
});
