// What differs in a component, in words: which event carries it, the old and the new digest, what it resembles.
import { escaped } from '@assay/core';
import { dataVouchedFor } from '@assay/measurement';
import { type Bank, componentName, type Difference, type Finding, type ReferenceEvent } from '@assay/protocol';
import { orOneOf } from '../reference/difference.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import { banksOf, type Facts } from '../reference/support.ts';
import { differingWords, knownWords } from './command-words.ts';
import { type Deviation, type Deviations, deviationsOf } from './deviations.ts';
import { standingText } from './known-things.ts';
import { resemblance } from './resemblance.ts';
import { type Sought, wholeName } from './sought.ts';

/** A difference, and what other hosts may show as well. */
export type Told = Difference & { sought?: Sought };

/** A hostile log has thousands. */
const mostDifferences = 100;

/**
 * @param found of this component, why the verdict does not trust it
 * @param now when it is told
 */
export function componentDifferences(component: string, facts: Facts, found: Finding, now: Date): Told[] {
  const all = deviationsOf(component, facts);
  const isNew = all.base === undefined && all.same.length === 0;
  const differences =
    all.deviations.length === 0 || isNew
      ? [wholeDifference(component, all, found, now)]
      : distinct(all.deviations, banksOf(facts))
          .slice(0, mostDifferences)
          .map((one) => tell(component, facts, one, found, now));
  const [first] = differences;
  if (first && first.resembles === undefined) {
    const text = resemblance(all, banksOf(facts), now);
    if (text !== undefined) first.resembles = text;
  }
  if (first && first.value === undefined && all.base) first.value = all.base.value.id;
  const banks = banksOf(facts);
  const whole = wholeName(component, facts.events, facts.quoted, banks);
  // What is missing, or in another order, no single measurement shows.
  if (whole !== undefined) for (const one of differences) one.sought ??= { component, banks, whole };
  return differences;
}

/** What was measured twice is told once: where it came first. */
function distinct(deviations: readonly Deviation[], banks: readonly Bank[]): Deviation[] {
  const digests = (of: Pick<ReferenceEvent, 'digests'> | undefined) => banks.map((bank) => of?.digests[bank]).join(' ');
  const known = new Map<string, Deviation>();
  for (const one of deviations) {
    const name = [one.claim, digests(one.expected), digests(one.seen)].join('; ');
    if (!known.has(name)) known.set(name, one);
  }
  return [...known.values()];
}

/** Nothing is known of it; or it is, as a whole, what was good once, or will be; or its events are good, and their order is not. */
function wholeDifference(component: string, { base }: Deviations, found: Finding, now: Date): Told {
  const name = componentName(component);
  const what = base && base.standing !== 'good' ? standingText(base.value, base.standing, now) : undefined;
  return {
    component,
    claim: found.pcr !== undefined && found.event === undefined ? `PCR ${found.pcr}` : name,
    text: what
      ? `the ${name} as a whole is ${what}`
      : found.code === 'reference-missing'
        ? `nothing is known to be good of the ${name}`
        : found.message,
    finding: found,
    ...(found.expected !== undefined && { expected: found.expected }),
    ...(found.seen !== undefined && { seen: found.seen }),
    also_on: [],
    ...(what && base && { resembles: `is ${what}`, value: base.value.id }),
  };
}

const codes = { good: 'measurement-unknown', early: 'measurement-early', retired: 'measurement-retired' } as const;

function tell(component: string, facts: Facts, one: Deviation, found: Finding, now: Date): Told {
  const { claim, expected, seen, known } = one;
  const banks = banksOf(facts);
  const bank = banks.find((other) => expected?.digests[other] !== seen?.digests[other]) ?? banks[0] ?? 'sha256';
  const what = known && standingText(known.value, known.standing, now);
  const text = sentence(one, bank, what);
  const digest = seen?.digests[bank];
  const told = {
    ...(expected && {
      expected: expectedText(expected, seen, bank) + othersText(component, one, facts, bank),
    }),
    ...(seen && { seen: seenText(seen, bank) }),
  };
  const place = seen && { index: seen.event.index, pcr: seen.event.pcr, type: seen.event.type };
  const isFound = seen !== undefined && found.event === seen.event.index;
  const own: Finding = {
    code: codes[known?.standing ?? 'good'],
    component,
    ...(place && { event: place.index, pcr: place.pcr }),
    ...told,
    message: `${componentName(component)}: ${text}`,
  };
  return {
    component,
    claim,
    text,
    finding: isFound ? found : own,
    ...(place && { event: place }),
    ...told,
    also_on: [],
    ...(what && known && { resembles: `is ${what}`, value: known.value.id }),
    ...(digest !== undefined && { sought: { component, claim, bank, digest } }),
  };
}

function sentence({ claim, expected, seen, known }: Deviation, bank: Bank, what: string | undefined): string {
  if (!seen) return `no ${claim} was measured where one is known good`;
  const where = `event ${seen.event.index} (PCR ${seen.event.pcr}, ${seen.event.type})`;
  if (known && what !== undefined) return `${where} measures ${withArticle(claim)} of ${what}`;
  if (!expected) return `${where} measures ${withArticle(claim)} that is not known good`;
  const words = differingWords(expected, seen, bank);
  return `${where} measures another ${claim} than is known good${words === undefined ? '' : `: ${words}`}`;
}

const withArticle = (claim: string): string => (/^[aeiou]/i.test(claim) ? `an ${claim}` : `a ${claim}`);

const longestText = 1000;
const bounded = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);

function seenText(seen: QuotedEvent, bank: Bank): string {
  const digest = `${bank} ${seen.digests[bank]}`;
  return dataVouchedFor(seen.event, bank) === true ? bounded(`${digest} (${escaped(seen.event.description)})`) : digest;
}

/** The nearest one is told; a machine may have been good by others. */
function othersText(
  component: string,
  { claim, expected, seen, instead }: Deviation,
  facts: Facts,
  bank: Bank,
): string {
  return orOneOf(
    { told: expected?.digests[bank], seen: seen?.digests[bank] },
    facts.knownGood.goodDigests(component, claim, bank, facts.now),
    instead.map(({ digests }) => digests[bank]),
  );
}

/** What it was is told as the log told it when it was learnt, where its digest proves that, or the one that is seen is proven. */
function expectedText(expected: ReferenceEvent, seen: QuotedEvent | undefined, bank: Bank): string {
  const digest = `${bank} ${expected.digests[bank]}`;
  const isProven = knownWords(expected, bank) !== undefined || (seen && dataVouchedFor(seen.event, bank) === true);
  return isProven ? bounded(`${digest} (${escaped(expected.description)})`) : digest;
}
