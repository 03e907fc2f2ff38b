// By what is a component known good, if values of these standings count? By a sequence; by one but for events that something else speaks for; by
// values of PCRs; or, where no sequence is known at all, by what speaks for each of its events.
import { isCovered } from './coverage.ts';
import type { QuotedEvent } from './learn.ts';
import { knownByPcrs } from './pcr-values.ts';
import { isSame, sameButFor } from './sequence.ts';
import {
  type Admitted,
  admittedOf,
  banksOf,
  type Facts,
  goodUntil,
  type Support,
  standInOf,
  supportOf,
} from './support.ts';

/** In log order. Split once for a log, which comes again in each round and from many hosts. */
export function partsOf(events: readonly QuotedEvent[], component: string): readonly QuotedEvent[] {
  let known = split.get(events);
  if (!known) {
    known = Map.groupBy(events, (part) => part.component);
    split.set(events, known);
  }
  return known.get(component) ?? nothing;
}
const split = new WeakMap<readonly QuotedEvent[], ReadonlyMap<string, readonly QuotedEvent[]>>();
const nothing: readonly QuotedEvent[] = [];

/** @returns undefined: it is not known good */
export function goodBy(component: string, facts: Facts, admitted: Admitted): Support[] | undefined {
  const banks = banksOf(facts);
  if (banks.length === 0) return undefined;
  const seen = partsOf(facts.events, component);
  const all = facts.knownGood.sequences(component, facts.quoted);
  const sequences = admittedOf(all, admitted, facts.now);
  const same = sequences.find(({ events }) => isSame(events, seen, banks));
  if (same) return [{ by: 'value', value: same.value, part: undefined }];
  const { supports, pcrs } = knownByPcrs(component, facts, admitted);
  const isOpen = (pcr: number) => !pcrs.has(pcr);
  const rest = seen.filter(({ event }) => isOpen(event.pcr));
  let last: Support[] | undefined;
  for (const { value, events } of sequences) {
    const wanted = events.filter(({ pcr }) => isOpen(pcr));
    const others = sameButFor(wanted, rest, banks, (part) => standInOf(part, facts, admitted));
    if (!others) continue;
    const way: Support[] = [{ by: 'value', value, part: undefined }, ...supports, ...others];
    const until = goodUntil(way, facts.now);
    if (until === undefined) return way;
    // Of several ways in which it was good the one it was good by last.
    if (!last || until > (goodUntil(last, facts.now) ?? 0)) last = way;
  }
  if (last) return last;
  // A sequence in any state forbids it: else retiring the last one would make good what had another order.
  if (facts.knownGood.isOrdered(component, facts.quoted) && (rest.length > 0 || pcrs.size === 0)) return undefined;
  const others = rest.map((part) => supportOf(part, facts, admitted));
  if (!others.every((one) => one !== undefined)) return undefined;
  const made = madeBy(component, seen, pcrs, facts, admitted);
  return made && [...supports, ...others, ...made];
}

/** What makes a component: without it all events may be good and say nothing of it. */
export const makers: Readonly<Record<string, { claims: readonly string[]; pcrs: readonly number[] }>> = {
  firmware: { claims: ['firmware code', 'firmware version'], pcrs: [0] },
  boot_loader: { claims: ['boot loader image'], pcrs: [4] },
  hypervisor: { claims: ['kernel image', 'kernel file', 'hypervisor file'], pcrs: [] },
  operating_system: { claims: ['initrd', 'initrd file'], pcrs: [9] },
};

/**
 * What makes the component is among its events, or a PCR it is always measured in has a known value.
 * @returns what else that rests on; undefined: it is not there
 */
function madeBy(
  component: string,
  seen: readonly QuotedEvent[],
  known: ReadonlySet<number>,
  facts: Facts,
  admitted: Admitted,
): Support[] | undefined {
  const { claims, pcrs } = makers[component] ?? { claims: [], pcrs: [] };
  if (seen.some(({ claim }) => claims.includes(claim)) || pcrs.some((pcr) => known.has(pcr))) return [];
  // No boot loader at all: then the firmware itself started the kernel, and a good one.
  const isDirect =
    component === 'boot_loader' &&
    seen.length === 0 &&
    isCovered(component, facts.quoted) &&
    partsOf(facts.events, 'hypervisor').some(isStarted);
  return isDirect ? goodBy('hypervisor', facts, admitted) : undefined;
}

/** As an EFI application: of what makes a hypervisor nothing else is in PCR 4. */
const isStarted = ({ event }: QuotedEvent): boolean => event.pcr === 4;
