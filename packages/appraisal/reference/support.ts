// What speaks for one event of a component: a single measurement of its claim, the policy, or the specification?

import type { Bank, ReferenceValue } from '@assay/protocol';
import type { PcrBanks } from '@assay/tpm/structures';
import type { KnownGood, Quoted } from './known-good.ts';
import type { QuotedEvent } from './learn.ts';
import { ownBanks } from './sequence.ts';
import { isSpecified } from './specification.ts';
import { type Standing, standingOf } from './standing.ts';

/** All that a comparison looks at. */
export type Facts = {
  /** Of the whole log, covered by the quote, in order. */
  events: readonly QuotedEvent[];
  /** PCRs and banks the quote covers: others are not compared. */
  quoted: Quoted;
  /** Values of quoted PCRs, which the quote proves. */
  pcrValues: PcrBanks;
  knownGood: KnownGood;
  now: Date;
  /** Whether the policy says of this event that it is good. */
  allows: (part: QuotedEvent) => boolean;
};

/** Standings that count, the preferred first. */
export type Admitted = readonly Standing[];

/** Why something is good: the value, and the event it speaks for; without one it speaks for the component. */
export type Support =
  | { by: 'value'; value: ReferenceValue; part: QuotedEvent | undefined }
  | { by: 'policy' | 'specification'; part: QuotedEvent };

export const banksOf = ({ quoted }: Pick<Facts, 'quoted'>): Bank[] => quoted.map(({ hash }) => hash as Bank);

/** Those that stand as admitted, the preferred first; of those that were retired the last one: it was good longest. */
export const admittedOf = <T extends { value: ReferenceValue }>(
  all: readonly T[],
  admitted: Admitted,
  now: Date,
): T[] =>
  admitted.flatMap((standing) => {
    const those = all.filter(({ value }) => standingOf(value, now) === standing);
    return standing === 'retired' ? those.sort((a, b) => retiredAt(b) - retiredAt(a)) : those;
  });

/** Milliseconds; 0 where nobody wrote it down. */
const retiredAt = ({ value }: { value: ReferenceValue }): number => Date.parse(value.retired_at ?? '') || 0;

/** When something ceased to be good by these, in milliseconds: the first of them that was retired. Undefined: none was. */
export const goodUntil = (supports: readonly Support[], now: Date): number | undefined =>
  supports
    .flatMap((one) => (one.by === 'value' && standingOf(one.value, now) === 'retired' ? [retiredAt(one)] : []))
    .sort((a, b) => a - b)[0];

/** @returns undefined: nothing speaks for it */
export const supportOf = (part: QuotedEvent, facts: Facts, admitted: Admitted): Support | undefined =>
  standInOf(part, facts, admitted) ?? (isSpecified(part, banksOf(facts)) ? { by: 'specification', part } : undefined);

/** What lets it stand where a known sequence has another; that any machine may have it does not. */
export function standInOf(part: QuotedEvent, facts: Facts, admitted: Admitted): Support | undefined {
  const banks = ownBanks(part, banksOf(facts));
  const singles = facts.knownGood.singles(part.component, part.claim, part.digests, banks);
  const [single] = admittedOf(
    singles.map((value) => ({ value })),
    admitted,
    facts.now,
  );
  if (single) return { by: 'value', value: single.value, part };
  return facts.allows(part) ? { by: 'policy', part } : undefined;
}
