// Do these measurements equal a known sequence, one by one and in order, or equal it but for events that something else speaks for?
import type { Bank, ReferenceEvent } from '@assay/protocol';
import { claimOfEvent } from './known-good.ts';
import type { QuotedEvent } from './learn.ts';
import type { Support } from './support.ts';

/** @param banks of the quote; those of them count that it has of this event's PCR */
export function equal(a: ReferenceEvent | undefined, b: QuotedEvent | undefined, banks: readonly Bank[]): boolean {
  if (!a || !b || a.pcr !== b.event.pcr || a.type !== b.event.type) return false;
  const own = ownBanks(b, banks);
  return own.length > 0 && own.every((bank) => a.digests[bank] !== undefined && a.digests[bank] === b.digests[bank]);
}

/** Of these banks, those in which the quote vouches for it. */
export const ownBanks = (part: QuotedEvent, banks: readonly Bank[]): Bank[] =>
  banks.filter((bank) => part.banks.includes(bank));

export const isSame = (
  known: readonly ReferenceEvent[],
  seen: readonly QuotedEvent[],
  banks: readonly Bank[],
): boolean => known.length === seen.length && known.every((one, i) => equal(one, seen[i], banks));

/** One may stand in the other's place: both measure the same thing in the same way. */
export const isSamePlace = (a: ReferenceEvent, { event, claim }: QuotedEvent): boolean =>
  a.pcr === event.pcr && a.type === event.type && claimOfEvent(a) === claim;

/**
 * Each event equal, or one in its place that something speaks for. What is new has to be new: an event that the sequence has elsewhere was
 * moved or doubled, and two that were equal stay equal, two that were not do not become so.
 * @returns what speaks for those that differ; undefined: something else is different
 */
export function sameButFor(
  known: readonly ReferenceEvent[],
  seen: readonly QuotedEvent[],
  banks: readonly Bank[],
  standInOf: (part: QuotedEvent) => Support | undefined,
): Support[] | undefined {
  if (known.length !== seen.length || banks.length === 0) return undefined;
  const nameOf = (claim: string, digests: ReferenceEvent['digests']) =>
    [claim, ...banks.map((bank) => digests[bank])].join(' ');
  const before = new Set(known.map((one) => nameOf(claimOfEvent(one), one.digests)));
  const became = new Map<string, string>();
  const came = new Map<string, string>();
  const supports: Support[] = [];
  for (const [i, part] of seen.entries()) {
    const was = known[i];
    if (!was || !isSamePlace(was, part)) {
      if (equal(was, part, banks)) continue; // learnt before claims had names
      return undefined;
    }
    const [old, now] = [nameOf(claimOfEvent(was), was.digests), nameOf(part.claim, part.digests)];
    if ((became.get(old) ?? now) !== now || (came.get(now) ?? old) !== old) return undefined;
    became.set(old, now);
    came.set(now, old);
    if (old === now) continue;
    const support = before.has(now) ? undefined : standInOf(part);
    if (!support) return undefined;
    supports.push(support);
  }
  return supports;
}
