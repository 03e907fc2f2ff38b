import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedByDefault } from '@assay/appraisal';
import { check, type Finding, PolicyVersion, type Verdict } from '@assay/protocol';
import { whyAllowed } from './allowed.ts';

const verdict = {
  pool: 'dmz',
  policy_version: 2,
  components: [
    { component: 'firmware', trust: 'unknown', reason: '', demanded: false },
    { component: 'hypervisor', trust: 'trusted', reason: '' },
  ],
} as unknown as Verdict;
const policy = (document: object, given: object = {}) =>
  check(
    PolicyVersion,
    {
      pool: 'dmz',
      version: 2,
      document: { pool: 'dmz', ...document },
      applied_at: '2026-11-23T11:00:00Z',
      by: 'ada',
      ...given,
    },
    'policy',
  );
const finding = (code: string, component?: string): Finding => ({ code, message: '', ...(component && { component }) });

test('why a finding does not count: its code is in the policy, in no policy but common, or of what is not asked for', () => {
  const [common = assert.fail('none is allowed by default')] = allowedByDefault;
  const unknown = finding('measurement-unknown', 'firmware');
  assert.equal(whyAllowed([policy({ allowed_findings: [common] })])(finding(common), verdict), 'allowed by the policy');
  assert.equal(whyAllowed([policy({})])(finding(common), verdict), 'allowed by default');
  assert.equal(whyAllowed([policy({})])(unknown, verdict), 'not asked for by the policy');
  assert.equal(whyAllowed([])(unknown, verdict), 'not asked for by the policy');
  assert.equal(whyAllowed([policy({})])(finding('x', 'hypervisor'), verdict), 'does not count');
  const other = policy({ allowed_findings: [] });
  assert.equal(
    whyAllowed([other])(finding(common), verdict),
    'does not count',
    'its own list stands for the default one',
  );
});

test('of a policy that is not in force any more, or of another pool, nothing is said', () => {
  const [common = ''] = allowedByDefault;
  for (const given of [{ version: 3 }, { pool: 'default' }])
    assert.equal(whyAllowed([policy({}, given)])(finding(common), verdict), 'allowed');
});
