// Where does what a component measured part from what is known good, for a person to look at? It decides nothing.
import { dataVouchedFor } from '@assay/measurement';
import { type Bank, componentName, type Finding, type ReferenceEvent, type ReferenceValue } from '@assay/protocol';
import type { FindingCode } from '../findings/catalogue.ts';
import { finding } from '../findings/finding.ts';
import { makers, partsOf } from './good-by.ts';
import type { QuotedEvent } from './learn.ts';
import { type ByValue, knownByPcrs, pcrDifference, pcrFinding, unquotedFinding, unquotedPcr } from './pcr-values.ts';
import { equal, isSamePlace } from './sequence.ts';
import { earlyText, retiredText, type Standing, standingOf } from './standing.ts';
import { type Admitted, admittedOf, banksOf, type Facts, type Support, standInOf, supportOf } from './support.ts';

/** Where two sequences part: `expected` was left out, `seen` is new, or one stands in the other's place. */
type Difference = {
  distance: number;
  expected: ReferenceEvent | undefined;
  seen: QuotedEvent | undefined;
  /** What good sequences that are as near have in its place. */
  instead?: readonly ReferenceEvent[];
};

const good: Admitted = ['good'];

/** Nothing at all is known of the component that could be compared. */
export const missing = (component: string, facts: Pick<Facts, 'quoted' | 'knownGood'>): Finding =>
  finding(
    'reference-missing',
    'reference values',
    `${banksOf(facts).join(' and ')} values of a golden host`,
    `${facts.knownGood.pcrValues(component).length > 0 ? 'SHA-1 alone' : 'none'}: run \`assay reference learn HOST\``,
    {
      component,
    },
  );

/** What was measured is in no value that is known. */
export function unknown(component: string, facts: Facts): Finding {
  const nearest = nearestSequence(component, facts);
  if (nearest) return differs('measurement-unknown', component, nearest, facts);
  const unquoted = unquotedPcr(component, facts, good);
  if (unquoted !== undefined) return unquotedFinding(component, unquoted);
  const { pcrs } = knownByPcrs(component, facts, good);
  const seen = partsOf(facts.events, component).filter(({ event }) => !pcrs.has(event.pcr));
  const alone = seen.find((part) => !supportOf(part, facts, good));
  const pcr = pcrDifference(component, facts, good);
  if (pcr && (!alone || alone.event.pcr === pcr.pcr)) return pcrFinding(component, pcr);
  if (alone) return differs('measurement-unknown', component, { distance: 1, expected: undefined, seen: alone }, facts);
  const wanted = makers[component]?.claims.join(' or ') ?? 'a measurement';
  return finding('measurement-unknown', `${componentName(component)} measurements`, wanted, 'none', { component });
}

/** All is known, but by values of which one was retired, or is not good yet. */
export function notGood(component: string, supports: readonly Support[], facts: Facts): Finding {
  const support = blamedOf(supports, facts);
  if (!support) return unknown(component, facts);
  const isRetired = standingOf(support.value, facts.now) === 'retired';
  const code = isRetired ? 'measurement-retired' : 'measurement-early';
  const said = isRetired ? retiredText(support.value) : earlyText(support.value);
  const nearest = nearestSequence(component, facts, good);
  const difference = support.part
    ? { distance: 1, expected: nearest?.seen === support.part ? nearest.expected : undefined, seen: support.part }
    : nearest;
  if (difference?.seen) return differs(code, component, difference, facts, said);
  const expected = isRetired ? 'what is not retired' : 'what is good already';
  return finding(code, `${componentName(component)} measurements`, expected, said, { component });
}

/** Which of them is not good: what was taken back first, then what is to come. */
export function blamedOf(supports: readonly Support[], { now }: Pick<Facts, 'now'>): ByValue | undefined {
  const values = supports.filter((one) => one.by === 'value');
  const as = (standing: Standing) => values.find(({ value }) => standingOf(value, now) === standing);
  return as('retired') ?? as('early');
}

/** The first event in which what was measured parts from the sequence nearest to it; of good ones, unless none is. */
function nearestSequence(component: string, facts: Facts, only?: Admitted): Difference | undefined {
  const all = facts.knownGood.sequences(component, facts.quoted);
  const standing = admittedOf(all, good, facts.now);
  const { pcrs } = knownByPcrs(component, facts, good);
  const seen = partsOf(facts.events, component).filter(({ event }) => !pcrs.has(event.pcr));
  const banks = banksOf(facts);
  const isGood = (a: ReferenceEvent, b: QuotedEvent) =>
    equal(a, b, banks) || (isSamePlace(a, b) && standInOf(b, facts, good) !== undefined);
  // Of several that are as near, one that is not about to come: what is expected does not change with what is planned.
  const among = (standing.length > 0 || only ? standing : all).toSorted((a, b) => planned(a) - planned(b));
  const differences = among.map(({ events }) => {
    const known = events.filter(({ pcr }) => !pcrs.has(pcr));
    const open = difference(known, seen, isGood);
    // All events are good by themselves, but moved, or one twice.
    return open.distance > 0 ? open : difference(known, seen, (a, b) => equal(a, b, banks));
  });
  if (differences.length === 0) return undefined;
  const nearest = differences.reduce((best, next) => (next.distance < best.distance ? next : best));
  const there = (standing.length === 0 ? [] : differences).filter(
    (one) => one.seen && one.seen === nearest.seen && one.distance === nearest.distance,
  );
  return { ...nearest, instead: there.flatMap(({ expected }) => expected ?? []) };
}

type Digest = string | undefined;

/** `, or one of 2 others known good`; nothing where this one is all, or where what was seen is known good and stands in a wrong place. */
export function orOneOf({ told, seen }: { told: Digest; seen: Digest }, ...known: readonly Iterable<Digest>[]): string {
  const others = new Set(known.flatMap((digests) => [...digests]));
  others.delete(told);
  others.delete(undefined);
  if (others.size === 0 || others.has(seen)) return '';
  return others.size === 1 ? ', or 1 other known good' : `, or one of ${others.size} others known good`;
}

const planned = ({ value }: { value: ReferenceValue }): number => Number(value.state === 'next');

function difference(
  known: readonly ReferenceEvent[],
  seen: readonly QuotedEvent[],
  isGood: (a: ReferenceEvent, b: QuotedEvent) => boolean,
): Difference {
  const same = (a: ReferenceEvent | undefined, b: QuotedEvent | undefined) => a && b && isGood(a, b);
  const shorter = Math.min(known.length, seen.length);
  let front = 0;
  while (same(known[front], seen[front])) front++;
  let back = 0;
  while (back < shorter - front && same(known.at(-1 - back), seen.at(-1 - back))) back++;
  const distance = Math.max(known.length, seen.length) - front - back;
  return {
    distance,
    expected: front < known.length - back ? known[front] : undefined,
    seen: front < seen.length - back ? seen[front] : undefined,
  };
}

/** @param said what is known of what was seen */
function differs(
  code: FindingCode,
  component: string,
  { expected, seen, instead = [] }: Difference,
  facts: Facts,
  said?: string,
): Finding {
  const banks = banksOf(facts);
  const bank: Bank = banks.find((one) => expected?.digests[one] !== seen?.digests[one]) ?? banks[0] ?? 'sha256';
  const digest = (of: Pick<ReferenceEvent, 'digests'> | undefined) => of && `${bank} ${of.digests[bank]}`;
  const moved = expected && seen && (expected.pcr !== seen.event.pcr || expected.type !== seen.event.type);
  const named = (of: ReferenceEvent) => `${digest(of)} (PCR ${of.pcr}, ${of.type}, ${of.description})`;
  // What its data says is said only where the digest proves it: a command line in words, not which file an image was.
  const proven = seen && dataVouchedFor(seen.event, bank);
  const where = seen
    ? `event ${seen.event.index} (PCR ${seen.event.pcr}, ${seen.event.type}, ${seen.role})`
    : `${componentName(component)} measurements`;
  const others = (of: ReferenceEvent, { claim, digests }: QuotedEvent) =>
    orOneOf(
      { told: of.digests[bank], seen: digests[bank] },
      facts.knownGood.goodDigests(component, claim, bank, facts.now),
      instead.map((one) => one.digests[bank]),
    );
  const words = seen ? `${digest(seen)}${proven ? ` (${seen.reference.description})` : ''}` : 'none';
  return finding(
    code,
    where,
    expected
      ? moved || !seen
        ? named(expected)
        : `${digest(expected)}${proven ? ` (${expected.description})` : ''}${others(expected, seen)}`
      : otherwise(component, seen, code, facts),
    said === undefined ? words : `${words}: ${said}`,
    { component, ...(seen && { event: seen.event.index, pcr: seen.event.pcr }) },
  );
}

/** Where no known event stands in its place. */
function otherwise(component: string, seen: QuotedEvent | undefined, code: FindingCode, facts: Facts): string {
  if (code !== 'measurement-unknown')
    return code === 'measurement-retired' ? 'what is not retired' : 'what is good already';
  const ordered = facts.knownGood.sequences(component, facts.quoted).length > 0;
  return ordered || !seen ? 'no further measurement' : `a known ${seen.claim}`;
}
