// In what does a component differ from what is known good of it? All of it, beside the one finding that a verdict carries.
// Nothing here makes a host trusted: reference/compare.ts does, and is asked before anybody comes here.
import type { ReferenceEvent, ReferenceValue } from '@assay/protocol';
import { partsOf } from '../reference/good-by.ts';
import { claimOfEvent } from '../reference/known-good.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import { knownByPcrs } from '../reference/pcr-values.ts';
import { type Standing, standingOf } from '../reference/standing.ts';
import { type Admitted, banksOf, type Facts, standInOf, supportOf } from '../reference/support.ts';
import { type Alignment, align, type Departure } from './align.ts';
import { thingsWith } from './known-things.ts';

/** One departure that nothing speaks for. */
export type Deviation = {
  claim: string;
  expected: ReferenceEvent | undefined;
  seen: QuotedEvent | undefined;
  /** Its digest is known, and not as good: of which value, and how that stands. */
  known: { value: ReferenceValue; standing: Standing } | undefined;
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
  const { pcrs } = knownByPcrs(component, facts, good);
  const seen = partsOf(facts.events, component).filter(({ event }) => !pcrs.has(event.pcr));
  const speaks = (part: QuotedEvent) => supportOf(part, facts, good);
  const valueFor = (part: QuotedEvent) => {
    const support = speaks(part);
    return support?.by === 'value' ? [{ part, value: support.value }] : [];
  };
  const nearest = nearestSequence(component, facts, seen, pcrs, (part) => standInOf(part, facts, good) !== undefined);
  if (!nearest) {
    const open = seen.filter((part) => !speaks(part));
    return {
      base: undefined,
      deviations: open.map((part) => deviationOf(component, facts, { expected: undefined, seen: part })),
      same: seen.flatMap(valueFor),
    };
  }
  const { value, standing, alignment, open } = nearest;
  return {
    base: { value, standing },
    deviations: open.map((one) => deviationOf(component, facts, one)),
    same: [
      ...alignment.same.map((part) => ({ part, value })),
      ...alignment.departures.flatMap(({ seen: part }) => (part ? valueFor(part) : [])),
    ],
  };
}

type Nearest = { value: ReferenceValue; standing: Standing; alignment: Alignment; open: Departure[] };

/** Of those that are good; where there are none, of those that were or will be. */
function nearestSequence(
  component: string,
  facts: Facts,
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
  for (const one of foremost(standing.length > 0 ? standing : all, seen, banks[0] ?? 'sha256')) {
    const alignment = align(one.events, seen, banks);
    // A single measurement stands for another of its kind, never for one more.
    const open = alignment.departures.filter(
      (departure) => !departure.expected || !departure.seen || !isGood(departure.seen),
    );
    if (!nearest || open.length < nearest.open.length) nearest = { ...one, alignment, open };
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

function deviationOf(component: string, facts: Facts, { expected, seen }: Departure): Deviation {
  const banks = banksOf(facts);
  const claim = seen?.claim ?? (expected ? claimOfEvent(expected) : '');
  const bank = banks.find((one) => expected?.digests[one] !== seen?.digests[one]) ?? banks[0] ?? 'sha256';
  const digest = seen?.digests[bank];
  const things = digest === undefined ? [] : thingsWith(facts.knownGood, component, bank, digest);
  const told = things.map(({ value }) => ({ value, standing: standingOf(value, facts.now) }));
  // What is good somewhere else in the component is not retired, whatever else knows it.
  const isGood = told.some(({ standing }) => standing === 'good');
  const known = isGood ? undefined : (told.find(({ standing }) => standing === 'early') ?? told.at(-1));
  return { claim, expected, seen, known };
}
