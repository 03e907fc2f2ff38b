import assert from 'node:assert/strict';
import { test } from 'node:test';
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
