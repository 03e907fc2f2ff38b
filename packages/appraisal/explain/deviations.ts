// In what does a component differ from what is known good of it? All of it, beside the one finding that a verdict carries.
// Nothing here makes a host trusted: reference/compare.ts does, and is asked before anybody comes here.
import type { ReferenceEvent, ReferenceValue } from '@assay/protocol';
import { compare } from '../reference/compare.ts';
import { partsOf } from '../reference/good-by.ts';
import { claimOfEvent } from '../reference/known-good.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import { knownByPcrs } from '../reference/pcr-values.ts';
import { type Standing, standingOf } from '../reference/standing.ts';
import { type Admitted, admittedOf, banksOf, type Facts, standInOf, supportOf } from '../reference/support.ts';
import { type Alignment, align, type Departure } from './align.ts';
import { thingsWith } from './known-things.ts';

/** One departure that nothing speaks for. */
export type Deviation = {
  claim: string;
  expected: ReferenceEvent | undefined;
  seen: QuotedEvent | undefined;
  /** Its digest is known, and not as good: of which value, and how that stands. */
  known: { value: ReferenceValue; standing: Standing } | undefined;
  /** What good sequences that are as near have in its place. */
  instead: readonly ReferenceEvent[];
};

export type Deviations = {
  /** What it was compared with: the nearest good sequence, else the nearest of any standing; undefined: there is no sequence. */
  base: { value: ReferenceValue; standing: Standing } | undefined;
  deviations: readonly Deviation[];
  /** Measured as known: by which value. */
  same: readonly { part: QuotedEvent; value: ReferenceValue }[];
};

/** Sequences that are aligned; of more those that have most digests in common. */
const mostAligned = 8;
const good: Admitted = ['good'];

export function deviationsOf(component: string, facts: Facts): Deviations {
  const compared = compare(component, facts);
  const blamed = compared.known ? undefined : compared.blamed;
  const { pcrs } = knownByPcrs(component, facts, good);
  const seen = partsOf(facts.events, component).filter(({ event }) => !pcrs.has(event.pcr));
  const speaks = (part: QuotedEvent) => supportOf(part, facts, good);
  const valueFor = (part: QuotedEvent) => {
    const support = speaks(part);
    return support?.by === 'value' ? [{ part, value: support.value }] : [];
  };
  const isGood = (part: QuotedEvent) => standInOf(part, facts, good) !== undefined;
  const nearest = nearestSequence({ component, facts, blamed }, seen, pcrs, isGood);
  if (!nearest) {
    const open = seen.filter((part) => !speaks(part));
    return {
      base: undefined,
      deviations: open.map((part) => deviationOf({ component, facts, blamed }, { expected: undefined, seen: part })),
      same: seen.flatMap(valueFor),
    };
  }
  const { value, standing, alignment, open, instead } = nearest;
  return {
    base: { value, standing },
    deviations: open.map((one) => deviationOf({ component, facts, blamed }, one, one.seen && instead.get(one.seen))),
    same: [
      ...alignment.same.map((part) => ({ part, value })),
      ...alignment.departures.flatMap(({ seen: part }) => (part ? valueFor(part) : [])),
    ],
  };
}

/** `blamed`: what the verdict names as not good (any more). */
type Question = { component: string; facts: Facts; blamed: ReferenceValue | undefined };
type Instead = Map<QuotedEvent, readonly ReferenceEvent[]>;
type Nearest = { value: ReferenceValue; standing: Standing; alignment: Alignment; open: Departure[]; instead: Instead };

/** Of those that are good; where there are none, of those that were or will be. */
function nearestSequence(
  { component, facts, blamed }: Question,
  seen: readonly QuotedEvent[],
  pcrs: ReadonlySet<number>,
  isGood: (part: QuotedEvent) => boolean,
): Nearest | undefined {
  const banks = banksOf(facts);
  const all = facts.knownGood.sequences(component, facts.quoted).map(({ value, events }) => ({
    value,
    events: events.filter(({ pcr }) => !pcrs.has(pcr)),
    standing: standingOf(value, facts.now),
  }));
  const standing = all.filter((one) => one.standing === 'good');
  let nearest: Nearest | undefined;
  const among = foremost(standing.length > 0 ? standing : all, seen, banks[0] ?? 'sha256');
  const first = ({ value }: { value: ReferenceValue }) => (value === blamed ? 0 : value.state === 'next' ? 2 : 1);
  const named = all.filter((one) => one.value === blamed && standing.length === 0 && !among.includes(one));
  for (const one of [...named, ...among].sort((a, b) => first(a) - first(b))) {
    const alignment = align(one.events, seen, banks);
    // A single measurement stands for another of its kind, never for one more.
    const open = alignment.departures.filter(
      (departure) => !departure.expected || !departure.seen || !isGood(departure.seen),
    );
    if (!nearest || open.length < nearest.open.length) nearest = { ...one, alignment, open, instead: new Map() };
    if (one.standing !== 'good' || open.length > nearest.open.length) continue;
    for (const { expected, seen: part } of open)
      if (expected && part) nearest.instead.set(part, [...(nearest.instead.get(part) ?? []), expected]);
  }
  return nearest;
}

function foremost<T extends { events: readonly ReferenceEvent[] }>(
  candidates: readonly T[],
  seen: readonly QuotedEvent[],
  bank: string,
): readonly T[] {
  if (candidates.length <= mostAligned) return candidates;
  const rough = ({ events }: T) => {
    const digests = new Set(events.map((one) => one.digests[bank]));
    return seen.filter((part) => !digests.has(part.digests[bank])).length + Math.abs(events.length - seen.length);
  };
  return candidates
    .map((one) => ({ one, distance: rough(one) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, mostAligned)
    .map(({ one }) => one);
}

function deviationOf(
  { component, facts, blamed }: Question,
  { expected, seen }: Departure,
  instead: readonly ReferenceEvent[] = [],
): Deviation {
  const banks = banksOf(facts);
  const claim = seen?.claim ?? (expected ? claimOfEvent(expected) : '');
  const bank = banks.find((one) => expected?.digests[one] !== seen?.digests[one]) ?? banks[0] ?? 'sha256';
  const digest = seen?.digests[bank];
  const things = digest === undefined ? [] : thingsWith(facts.knownGood, component, bank, digest);
  const told = things.map(({ value }) => ({ value, standing: standingOf(value, facts.now) }));
  // What is good somewhere else in the component is not retired, whatever else knows it.
  const isGood = told.some(({ standing }) => standing === 'good');
  const known = isGood ? undefined : (told.find(({ value }) => value === blamed) ?? foremostKnown(told, facts.now));
  return { claim, expected, seen, known, instead };
}

/** What is to come, else what was retired last. */
const foremostKnown = (told: readonly NonNullable<Deviation['known']>[], now: Date): Deviation['known'] =>
  admittedOf(told, ['early', 'retired'], now)[0];
