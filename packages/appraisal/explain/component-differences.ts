// What differs in a component, in words: which event carries it, the old and the new digest, what it resembles.
import { escaped } from '@assay/core';
import { dataVouchedFor } from '@assay/measurement';
import { type Bank, componentName, type Difference, type Finding, type ReferenceEvent } from '@assay/protocol';
import type { QuotedEvent } from '../reference/learn.ts';
import { changesInWords, knownWords, provenWords, wordChanges } from './command-words.ts';
import { type Deviation, type DeviationInput, type Deviations, deviationsOf } from './deviations.ts';
import { standingText } from './known-things.ts';
import { resemblance } from './resemblance.ts';

/** A difference, and what other hosts may show as well. */
export type Told = Difference & { sought?: Sought };
/** A measurement by which other hosts are recognised. */
export type Sought = { component: string; claim: string; bank: Bank; digest: string };

/** A hostile log has thousands. */
const mostDifferences = 100;

/**
 * @param found of this component, why the verdict does not trust it
 * @param now when it is told
 */
export function componentDifferences(input: DeviationInput, found: Finding, now: Date): Told[] {
  const all = deviationsOf(input);
  const banks = input.quoted.map(({ hash }) => hash as Bank);
  const told = all.deviations.slice(0, mostDifferences).map((one) => tell(input, one, found, banks, now));
  const whole = told.length === 0 || (all.base === undefined && all.same.length === 0);
  const differences = whole ? [wholeDifference(input, all, found, now)] : told;
  const [first] = differences;
  const text = resemblance(all, banks, (value, standing) => standingText(value, standing, now));
  if (first && text !== undefined && first.resembles === undefined) first.resembles = text;
  if (first && first.value === undefined && all.base) first.value = all.base.value.id;
  return differences;
}

/** Nothing is known of it; or it is, as a whole, what was good once, or will be. */
function wholeDifference({ component }: DeviationInput, { base }: Deviations, found: Finding, now: Date): Told {
  const place = base && base.standing !== 'good' ? standingText(base.value, base.standing, now) : undefined;
  return {
    component,
    claim: componentName(component),
    text: place
      ? `the ${componentName(component)} as a whole is ${place}`
      : found.code === 'reference-missing'
        ? `nothing is known to be good of the ${componentName(component)}`
        : found.message,
    finding: found,
    ...(found.expected !== undefined && { expected: found.expected }),
    ...(found.seen !== undefined && { seen: found.seen }),
    also_on: [],
    ...(place && { resembles: `is ${place}` }),
  };
}

function tell({ component }: DeviationInput, one: Deviation, found: Finding, banks: readonly Bank[], now: Date): Told {
  const { claim, expected, seen, known } = one;
  const bank = banks.find((other) => expected?.digests[other] !== seen?.digests[other]) ?? banks[0] ?? 'sha256';
  const place = seen && { index: seen.event.index, pcr: seen.event.pcr, type: seen.event.type };
  const was = expected && expectedText(expected, seen, bank);
  const is = seen && seenText(seen, bank);
  const what = known && standingText(known.value, known.standing, now);
  const text = sentence(one, bank, what);
  const digest = seen?.digests[bank];
  const isFound = found.event === seen?.event.index && found.code !== 'reference-missing';
  return {
    component,
    claim,
    text,
    finding: isFound
      ? found
      : {
          code: known
            ? known.standing === 'early'
              ? 'measurement-early'
              : 'measurement-retired'
            : 'measurement-unknown',
          component,
          ...(place && { event: place.index, pcr: place.pcr }),
          ...(was !== undefined && { expected: was }),
          ...(is !== undefined && { seen: is }),
          message: `${componentName(component)}: ${text}`,
        },
    ...(place && { event: place }),
    ...(was !== undefined && { expected: was }),
    ...(is !== undefined && { seen: is }),
    also_on: [],
    ...(what && known && { resembles: `is ${what}`, value: known.value.id }),
    ...(digest !== undefined && { sought: { component, claim, bank, digest } }),
  };
}

function sentence({ claim, expected, seen, known }: Deviation, bank: Bank, what: string | undefined): string {
  if (!seen) return `${article(claim)} is missing: it is known good, and was not measured`;
  const where = `event ${seen.event.index} (PCR ${seen.event.pcr}, ${seen.event.type})`;
  if (known && what !== undefined) return `${where} measures ${article(claim)} of ${what}`;
  if (!expected) return `${where} measures ${article(claim)} that is not known good`;
  const words = differingWords(expected, seen, bank);
  if (words !== undefined) return `${where} measures ${article(claim)} other than known good: ${words}`;
  return `${where} measures ${article(claim)} other than known good`;
}

const article = (claim: string): string => (/^[aeiou]/i.test(claim) ? `an ${claim}` : `a ${claim}`);

/** Undefined: the words of one of them are not proven. */
export function differingWords(expected: ReferenceEvent, seen: QuotedEvent, bank: Bank): string | undefined {
  const [before, after] = [knownWords(expected, bank), provenWords(seen, bank)];
  if (before === undefined || after === undefined) return undefined;
  return changesInWords(wordChanges(before, after)) || undefined;
}

const longestText = 1000;
const bounded = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);

function seenText(seen: QuotedEvent, bank: Bank): string {
  const digest = `${bank} ${seen.digests[bank]}`;
  if (dataVouchedFor(seen.event, bank) !== true) return digest;
  return bounded(`${digest} (${escaped(seen.event.description)})`);
}

/** What it was is told as the log told it when it was learnt, where the one that is seen is proven, or its own digest proves it. */
function expectedText(expected: ReferenceEvent, seen: QuotedEvent | undefined, bank: Bank): string {
  const digest = `${bank} ${expected.digests[bank]}`;
  const isProven = knownWords(expected, bank) !== undefined || (seen && dataVouchedFor(seen.event, bank) === true);
  return isProven ? bounded(`${digest} (${escaped(expected.description)})`) : digest;
}
