// What is known good and asked for in tests, in a word.
import { parseEventLog } from '@assay/measurement';
import {
  type Bank,
  defaultPool,
  type PolicyDocument,
  type ReferenceContent,
  type ReferenceMeasurement,
  type ReferenceValue,
} from '@assay/protocol';
import { bootPcrs, labDocument, type Policy, policyFrom } from '../policy/policy.ts';
import { KnownGood } from '../reference/known-good.ts';
import { type Measured, type QuotedEvent, quotedEvents } from '../reference/learn.ts';
import type { Facts } from '../reference/support.ts';
import { pcrValuesOf } from './evidence.ts';

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

/** One value, current unless told; its id is its name. */
export const namedValue = (
  name: string,
  component: string,
  content: ReferenceContent,
  changes: Partial<ReferenceValue> = {},
): ReferenceValue => ({
  id: name,
  name,
  component,
  content,
  state: 'current',
  source: { kind: 'list', name: 'test' },
  by: 'test',
  added_at: '2026-01-01T00:00:00.000Z',
  ...changes,
});

/** Single measurements with these digests. */
export const measurements = (...all: Pick<ReferenceMeasurement, 'claim' | 'digests'>[]): ReferenceContent => ({
  form: 'measurements',
  measurements: all.map(({ claim, digests }) => ({ claim, digests, description: claim })),
});

/** What a component measured, as a golden host teaches it. */
export const sequence = (events: readonly QuotedEvent[], component: string): ReferenceContent => ({
  form: 'sequence',
  events: events.filter((part) => part.component === component).map(({ reference }) => reference),
});

/** A boot log as a comparison sees it, when a quote over PCR 0–9 proves it, or over what is said. */
export function factsOfLog(log: Uint8Array, values: readonly ReferenceValue[], changes: Partial<Facts> = {}): Facts {
  const parsed = parseEventLog(log);
  const boot = bootPcrs.map(({ bank, pcrs }) => ({ hash: bank as Bank, pcrs: [...pcrs] }));
  const quoted = changes.quoted?.map(({ hash, pcrs }) => ({ hash: hash as Bank, pcrs: [...pcrs] })) ?? boot;
  return {
    events: quotedEvents(parsed, quoted),
    quoted,
    pcrValues: pcrValuesOf(parsed, quoted),
    knownGood: new KnownGood(values, 1),
    now: new Date('2026-06-01T00:00:00.000Z'),
    allows: () => false,
    ...changes,
  };
}
