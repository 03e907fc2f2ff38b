// What is known good and asked for in tests, in a word.
import { defaultPool, type PolicyDocument, type ReferenceValue } from '@assay/protocol';
import { labDocument, type Policy, policyFrom } from '../policy/policy.ts';
import { KnownGood } from '../reference/known-good.ts';
import type { Measured } from '../reference/learn.ts';

/** Values as a golden host taught them, current; `changes` apply to each. */
export const valuesOf = (measured: Measured, changes: Partial<ReferenceValue> = {}): ReferenceValue[] =>
  measured.map((value, i) => ({
    id: `${value.component}-${i}`,
    ...value,
    state: 'current',
    source: { kind: 'host', name: 'golden' },
    by: 'test',
    added_at: '2026-01-01T00:00:00.000Z',
    ...changes,
  }));

export const knownGoodOf = (measured: Measured, revision = 1): KnownGood => new KnownGood(valuesOf(measured), revision);

/** A lab's policy, but for what is said. */
export const testPolicy = (document: Partial<PolicyDocument> = {}, changes: Partial<Policy> = {}): Policy => ({
  ...policyFrom({ ...labDocument, pool: defaultPool, ...document }, { version: 1, lifetimeS: 90 }),
  ...changes,
});
