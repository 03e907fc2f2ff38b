// All that is known good, or was, in the order one asks for it. Made once for each change of it, and shared by all hosts; indexed when
// somebody asks. Every answer holds values in any state: whether one counts at a moment, `standingOf` says.
import type { Bank, ReferenceEvent, ReferenceMeasurement, ReferenceValue } from '@assay/protocol';
import { banksOfPcr, isCovered } from './coverage.ts';
import { FileIndex } from './files.ts';
import { standingOf } from './standing.ts';

/** `events`: as far as the quote covers them. */
export type Sequence = { readonly value: ReferenceValue; readonly events: readonly ReferenceEvent[] };
export type KnownPcrs = {
  readonly value: ReferenceValue;
  readonly values: readonly { readonly bank: string; readonly pcr: number; readonly value: string }[];
};
export type Quoted = readonly { readonly hash: string; readonly pcrs: readonly number[] }[];
type Single = { readonly value: ReferenceValue; readonly digests: ReferenceMeasurement['digests'] };

export class KnownGood {
  readonly values: readonly ReferenceValue[];
  /** Counts changes of values and policies. */
  readonly revision: number;
  readonly #byComponent: ReadonlyMap<string, readonly ReferenceValue[]>;
  readonly #sequences = new Map<string, readonly Sequence[]>();
  readonly #singles = new Map<string, ReadonlyMap<string, readonly Single[]>>();
  readonly #claimed = new Map<string, readonly { value: ReferenceValue; digest: string }[]>();
  readonly #pcrs = new Map<string, readonly KnownPcrs[]>();
  readonly #froms: readonly number[];
  #files: FileIndex | undefined;
  #withoutPcrs: KnownGood | undefined;
  #others: { era: number; found: boolean } | undefined;

  constructor(values: readonly ReferenceValue[], revision = 0) {
    this.values = values;
    this.revision = revision;
    // By id: in which order they were added makes no difference to anything.
    const sorted = values.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#byComponent = Map.groupBy(sorted, ({ component }) => component);
    const froms = values.map(({ from }) => Date.parse(from ?? ''));
    this.#froms = [...new Set(froms)].filter((from) => !Number.isNaN(from)).sort((a, b) => a - b);
  }

  /** Every value of a component, of any form. */
  of(component: string): readonly ReferenceValue[] {
    return this.#byComponent.get(component) ?? [];
  }

  /** Between two moments of the same era every value stands the same. The last is -1. */
  era(now: Date): number {
    return this.#froms.findIndex((from) => from > now.getTime());
  }

  /** Whether any value does not count now: was good, or will be. */
  hasOthersThanGood(now: Date): boolean {
    const era = this.era(now);
    if (this.#others?.era !== era)
      this.#others = { era, found: this.values.some((value) => standingOf(value, now) !== 'good') };
    return this.#others.found;
  }

  /**
   * The sequences that are known of a component, as far as the quote covers them; none that lacks a bank of it, or of which it covers nothing; and
   * one that says nothing is measured only where the quote covers all of the component.
   */
  sequences(component: string, quoted: Quoted): readonly Sequence[] {
    const name = `${component} ${quoted.map(({ hash, pcrs }) => `${hash}:${pcrs.join()}`).join('+')}`;
    let found = this.#sequences.get(name);
    if (!found) {
      found = this.of(component).flatMap((value) => sequenceOf(value, quoted));
      this.#sequences.set(name, found);
    }
    return found;
  }

  /** Whether order counts: some sequence is known of it, be it that nothing is measured and the quote does not say so. */
  isOrdered(component: string, quoted: Quoted): boolean {
    return (
      this.sequences(component, quoted).length > 0 ||
      this.of(component).some(({ content }) => content.form === 'sequence' && content.events.length === 0)
    );
  }

  /** Values with a single measurement of this claim that has these digests in each bank. @param digests hex, by bank */
  singles(
    component: string,
    claim: string,
    digests: ReferenceEvent['digests'],
    banks: readonly string[],
  ): readonly ReferenceValue[] {
    const [bank = ''] = banks;
    const digest = digests[bank];
    if (digest === undefined) return [];
    const found = this.#indexOf(component).get(singleName(claim, bank, digest)) ?? [];
    return found.flatMap(({ value, digests: of }) =>
      banks.every((one) => of[one] !== undefined && of[one] === digests[one]) ? [value] : [],
    );
  }

  /** Digests that single measurements make good of a claim at this moment: any of them may stand where one is asked for. */
  goodDigests(component: string, claim: string, bank: string, now: Date): ReadonlySet<string> {
    const name = `${component} ${bank} ${claim}`;
    let all = this.#claimed.get(name);
    if (!all) {
      all = this.of(component).flatMap((value) =>
        value.content.form === 'measurements'
          ? value.content.measurements.flatMap((one) => {
              const digest = one.claim === claim ? one.digests[bank as Bank] : undefined;
              return digest === undefined ? [] : [{ value, digest }];
            })
          : [],
      );
      this.#claimed.set(name, all);
    }
    return new Set(all.flatMap(({ value, digest }) => (standingOf(value, now) === 'good' ? [digest] : [])));
  }

  /** Whether there is a single measurement of the component in all of these banks. */
  hasSingles(component: string, banks: readonly string[]): boolean {
    return (
      banks.length > 0 &&
      this.of(component).some(
        ({ content }) =>
          content.form === 'measurements' &&
          content.measurements.some(({ digests }) => banks.every((bank) => digests[bank] !== undefined)),
      )
    );
  }

  /** PCR values that are known of a component. */
  pcrValues(component: string): readonly KnownPcrs[] {
    let found = this.#pcrs.get(component);
    if (!found) {
      found = this.of(component).flatMap((value) =>
        value.content.form === 'pcr-values' ? [{ value, values: value.content.values }] : [],
      );
      this.#pcrs.set(component, found);
    }
    return found;
  }

  /** What is known of what is measured, without values of PCRs, which do not say what that is. */
  get withoutPcrValues(): KnownGood {
    this.#withoutPcrs ??= new KnownGood(
      this.values.filter(({ content }) => content.form !== 'pcr-values'),
      this.revision,
    );
    return this.#withoutPcrs;
  }

  /** Allow lists for IMA, of every component. */
  get files(): FileIndex {
    this.#files ??= new FileIndex(this.values);
    return this.#files;
  }

  #indexOf(component: string): ReadonlyMap<string, readonly Single[]> {
    const known = this.#singles.get(component);
    if (known) return known;
    const index = new Map<string, Single[]>();
    for (const value of this.of(component)) {
      if (value.content.form !== 'measurements') continue;
      for (const { claim, digests } of value.content.measurements)
        for (const [bank, digest] of Object.entries(digests)) {
          const name = singleName(claim, bank, digest);
          const same = index.get(name);
          if (same) same.push({ value, digests });
          else index.set(name, [{ value, digests }]);
        }
    }
    this.#singles.set(component, index);
    return index;
  }
}

const singleName = (claim: string, bank: string, digest: string) => `${bank}:${digest} ${claim}`;

function sequenceOf(value: ReferenceValue, quoted: Quoted): Sequence[] {
  if (value.content.form !== 'sequence') return [];
  const all = value.content.events;
  const events = all.filter(({ pcr }) => quoted.some(({ pcrs }) => pcrs.includes(pcr)));
  // Of a component of which nothing is quoted nothing can be said: that both are empty is no sameness.
  if (events.length === 0 && (all.length > 0 || !isCovered(value.component, quoted))) return [];
  const isComparable = events.every(({ pcr, digests }) => banksOfPcr(quoted, pcr).every((bank) => digests[bank]));
  return isComparable ? [{ value, events: events.map((event) => vouched(event, quoted)) }] : [];
}

/** Without digests in banks that the quote does not have of its PCR: those are not compared. */
function vouched(event: ReferenceEvent, quoted: Quoted): ReferenceEvent {
  const banks: readonly string[] = banksOfPcr(quoted, event.pcr);
  const digests = Object.entries(event.digests).filter(([bank]) => banks.includes(bank));
  return digests.length === Object.keys(event.digests).length
    ? event
    : { ...event, digests: Object.fromEntries(digests) };
}

/** What an event was learnt as. The first releases wrote only its role down, before its description; of a variable that says too little. */
export const claimOfEvent = ({ claim, description }: ReferenceEvent): string =>
  claim ?? description.split(': ', 1)[0] ?? '';
