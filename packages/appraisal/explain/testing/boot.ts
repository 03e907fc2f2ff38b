// A host that booted something, judged by what another boot taught, ready to be explained and accepted.
import { readFileSync } from 'node:fs';
import { corpusLog } from '@assay/measurement/testing';
import type { ReferenceValue, Verdict } from '@assay/protocol';
import { type JudgementInput, judge } from '../../appraise.ts';
import { KnownGood } from '../../reference/known-good.ts';
import type { QuotedEvent } from '../../reference/learn.ts';
import { type Scene, valuesOf } from '../../testing/index.ts';
import { verifyEvidence } from '../../verify-evidence.ts';
import { explain, type ToldExplanation } from '../explain.ts';

/** A real boot of test/corpus/boots: firmware, shim, GRUB, kernel. */
export const recordedLog = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(new URL(`../../../../test/corpus/boots/${name}/event-log.bin`, import.meta.url)));

export const labLog = (): Uint8Array => corpusLog('ovmf-linux-6.1');

export type Booted = {
  input: JudgementInput;
  verdict: Verdict;
  events: readonly QuotedEvent[];
  told: ToldExplanation;
  /** Judged once more with these values beside what is known. */
  with(...values: readonly ReferenceValue[]): Booted;
};

/** @param values instead of those that the golden boot taught */
export function booted(
  of: Scene,
  log: Uint8Array,
  values?: readonly ReferenceValue[],
  other: Partial<JudgementInput> = {},
): Booted {
  const given = of.input({ log });
  const verification = verifyEvidence(given);
  const knownGood = values ? new KnownGood(values, 2) : given.knownGood;
  return bootedOf({ ...given, verification, knownGood, ...other });
}

export function bootedOf(input: JudgementInput): Booted {
  const { verdict, files } = judge(input);
  const now = new Date(input.now.getTime() + 3_600_000);
  return {
    input,
    verdict,
    events: input.verification.authentic ? input.verification.events : [],
    told: explain({ verdict, recorded: { input, verdict, files }, connected: true, now }),
    with: (...values) =>
      bootedOf({
        ...input,
        knownGood: new KnownGood([...input.knownGood.values, ...values], input.knownGood.revision + 1),
      }),
  };
}

/** What this host teaches, as values. */
export function taughtBy(of: Scene, changes: Partial<ReferenceValue> = {}): ReferenceValue[] {
  const { measured } = of.appraise();
  return valuesOf(measured ?? [], changes);
}
