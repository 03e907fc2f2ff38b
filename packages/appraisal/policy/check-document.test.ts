// What a policy document cannot mean, beside what policy.test.ts says of whole policies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labDocument, policyFrom } from './policy.ts';

test('no component is known by a PCR that anybody resets', () => {
  const of = (pcrs: number[]) =>
    policyFrom({ ...labDocument, extras: [{ name: 'x', pcrs }] }, { version: 1, lifetimeS: 90 });
  for (const pcr of [16, 23])
    assert.throws(() => of([14, pcr]), {
      code: 'policy-value',
      where: 'policy default: extras',
      message: new RegExp(`nobody resets before the next boot, got PCR ${pcr} \\(x\\)`),
    });
  for (const pcr of [10, 11, 14, 15, 17, 22]) of([pcr]);
});
