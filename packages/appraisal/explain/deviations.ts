// In what does a component differ from what is known good of it? All of it, beside the one finding that a verdict carries.
// Nothing here makes a host trusted: reference/compare.ts does, and is asked before anybody comes here.

import { claimNameOf } from '@assay/measurement';
import type { ReferenceEvent, ReferenceValue } from '@assay/protocol';
import { claimOfEvent, type KnownGood } from '../reference/known-good.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import { type Standing, standingOf } from '../reference/standing.ts';
import { type Alignment, align, type Departure } from './align.ts';
import { thingsWith } from './known-things.ts';

/** One departure that nothing covers. */
export type Deviation = {
  claim: string;
  expected: ReferenceEvent | undefined;
  seen: QuotedEvent | undefined;
  /** Its digest is known, and not as good: of which value, and why that does not count. */
  known: { value: ReferenceValue; standing: Standing } | undefined;
};

export type Deviations = {
  /** The value it was compared with: the nearest good sequence, else the nearest of any standing; undefined: there is no sequence. */
  base: { value: ReferenceValue; standing: Standing } | undefined;
  deviations: readonly Deviation[];
  /** Measured as known: by which value. */
  same: readonly { part: QuotedEvent; value: ReferenceValue }[];
};

export type DeviationInput = {
  component: string;
  /** Of this component, covered by the quote. */
  seen: readonly QuotedEvent[];
  knownGood: KnownGood;
  quoted: readonly { hash: string; pcrs: readonly number[] }[];
  /** What the policy lets pass: command lines. */
  covered?: ((part: QuotedEvent) => boolean) | undefined;
  now: Date;
};

/** Sequences that are aligned; more are judged by how much of their ends agrees. */
const mostAligned = 8;

export function deviationsOf(input: DeviationInput): Deviations {
  const { seen, quoted, covered = () => false } = input;
  const banks = quoted.map(({ hash }) => hash);
  const good = (part: QuotedEvent) => goodSingle(input, part, banks);
  const passes = (part: QuotedEvent) => covered(part) || good(part) !== undefined;
  const nearest = nearestSequence(sequencesOf(input), seen, banks, passes);
  if (!nearest) {
    const open = seen.filter((part) => !passes(part));
    return {
      base: undefined,
      deviations: open.map((part) => deviationOf(input, { expected: undefined, seen: part }, banks)),
      same: seen.flatMap((part) => sameBy(part, good(part))),
    };
  }
  const { value, alignment, standing } = nearest;
  const open = alignment.departures.filter((one) => !isCovered(one, passes));
  return {
    base: { value, standing },
    deviations: open.map((one) => deviationOf(input, one, banks)),
    same: [
      ...alignment.same.map((part) => ({ part, value })),
      ...alignment.departures.flatMap(({ seen: part }) => (part ? sameBy(part, good(part)) : [])),
    ],
  };
}

/** A single measurement stands for another of its kind, never for one more. */
const isCovered = ({ expected, seen }: Departure, passes: (part: QuotedEvent) => boolean): boolean =>
  expected !== undefined && seen !== undefined && passes(seen);

const sameBy = (part: QuotedEvent, value: ReferenceValue | undefined) => (value ? [{ part, value }] : []);

type Candidate = { value: ReferenceValue; events: readonly ReferenceEvent[]; standing: Standing };

/** Those that are good; where there are none, those that were or will be. */
function sequencesOf({ component, knownGood, quoted, now }: DeviationInput): Candidate[] {
  const comparable = knownGood
    .sequences(component, quoted)
    .map(({ value, events }) => ({ value, events, standing: standingOf(value, now) }));
  const good = comparable.filter(({ standing }) => standing === 'good');
  return good.length > 0 ? good : comparable;
}

function nearestSequence(
  candidates: readonly Candidate[],
  seen: readonly QuotedEvent[],
  banks: readonly string[],
  passes: (part: QuotedEvent) => boolean,
): (Candidate & { alignment: Alignment }) | undefined {
  const foremost =
    candidates.length <= mostAligned
      ? candidates
      : candidates
          .map((one) => ({ one, rough: roughDistance(one.events, seen, banks) }))
          .sort((a, b) => a.rough - b.rough)
          .slice(0, mostAligned)
          .map(({ one }) => one);
  const aligned = foremost.map((one) => {
    const alignment = align(one.events, seen, banks);
    const open = alignment.departures.filter((departure) => !isCovered(departure, passes)).length;
    return { ...one, alignment, open };
  });
  return aligned.reduce<(typeof aligned)[number] | undefined>(
    (best, next) => (!best || next.open < best.open ? next : best),
    undefined,
  );
}

/** How many digests of one are not in the other, and how many more it has. */
function roughDistance(
  known: readonly ReferenceEvent[],
  seen: readonly QuotedEvent[],
  banks: readonly string[],
): number {
  const [bank = 'sha256'] = banks;
  const digests = new Set(known.map((one) => one.digests[bank]));
  return seen.filter((part) => !digests.has(part.digests[bank])).length + Math.abs(known.length - seen.length);
}

/** The value by which this measurement, alone, is good. */
const goodSingle = (
  { component, knownGood, now }: DeviationInput,
  part: QuotedEvent,
  banks: readonly string[],
): ReferenceValue | undefined =>
  knownGood
    .singles(component, claimNameOf(part), part.digests, banks)
    .find((value) => standingOf(value, now) === 'good');

function deviationOf(
  { component, knownGood, now }: DeviationInput,
  { expected, seen }: Departure,
  banks: readonly string[],
): Deviation {
  const claim = seen ? claimNameOf(seen) : expected ? claimOfEvent(expected) : '';
  const bank = banks.find((one) => expected?.digests[one] !== seen?.digests[one]) ?? banks[0] ?? 'sha256';
  const digest = seen?.digests[bank];
  const things = digest === undefined ? [] : thingsWith(knownGood, component, bank, digest);
  const told = things.map(({ value }) => ({ value, standing: standingOf(value, now) }));
  // What is good somewhere else in the component is not retired, whatever else knows it.
  const isGood = told.some(({ standing }) => standing === 'good');
  const known = isGood ? undefined : (told.find(({ standing }) => standing === 'early') ?? told.at(-1));
  return { claim, expected, seen, known };
}
