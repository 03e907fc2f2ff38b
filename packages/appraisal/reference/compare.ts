// Is what a component measured known to be good? And if not: was it good once, will it be, or was it never known?
// Nothing is known about a component without reference values.
import { components, type Finding, type ReferenceValue } from '@assay/protocol';
import { blamedOf, missing, notGood, unknown } from './difference.ts';
import { goodBy } from './good-by.ts';
import type { KnownGood } from './known-good.ts';
import { isBySha1 } from './pcr-values.ts';
import { retiredBehind } from './retired-behind.ts';
import { type Admitted, banksOf, type Facts, type Support } from './support.ts';

/** `values`: ids of what it is good by, or was; `blamed`: which of them is not good, where all is known. */
export type Comparison =
  | { known: true; values: readonly string[]; supports: readonly Support[] }
  | { known: false; values: readonly string[]; finding: Finding; blamed?: ReferenceValue | undefined };

/** What was good counts more than what will be: it was taken back. */
const notGoodYet: readonly Admitted[] = [
  ['good', 'retired'],
  ['good', 'early'],
  ['good', 'early', 'retired'],
];

/** @param component one of the four; extras are known by their PCRs alone */
export function compare(component: string, facts: Facts): Comparison {
  const supports = goodBy(component, facts, ['good']);
  const retired = supports && retiredBehind(component, facts, supports);
  if (retired) return notKnown(component, retired, facts);
  if (supports) return { known: true, values: idsOf(supports), supports };
  const hasOthers = facts.knownGood.hasOthersThanGood(facts.now);
  for (const admitted of hasOthers ? notGoodYet : []) {
    const was = goodBy(component, facts, admitted);
    if (was) return notKnown(component, was, facts);
  }
  const finding = hasValues(component, facts) ? unknown(component, facts) : missing(component, facts);
  return { known: false, values: [], finding };
}

/** @param was what it would be good by */
const notKnown = (component: string, was: readonly Support[], facts: Facts): Comparison => ({
  known: false,
  values: idsOf(was),
  finding: notGood(component, was, facts),
  blamed: blamedOf(was, facts)?.value,
});

const idsOf = (supports: readonly Support[]): string[] => [
  ...new Set(supports.flatMap((one) => (one.by === 'value' ? [one.value.id] : []))),
];

const hasValues = (component: string, { knownGood, quoted }: Facts): boolean =>
  knownGood.sequences(component, quoted).length > 0 ||
  knownGood.pcrValues(component).some((one) => !isBySha1(one)) ||
  knownGood.hasSingles(component, banksOf({ quoted }));

/**
 * The same, remembered for all that come with the same log, values and policy, and with the same values of PCRs that known ones name.
 * @param policy whose rules `allows` follows, and from nothing but it and the log
 */
export function compareOnce(component: string, facts: Facts, policy: object): Comparison {
  const { events, knownGood, now, pcrValues } = facts;
  const pcrs = namedPcrs(knownGood);
  // PCR 10 is IMA's and has another value in each round.
  if (pcrs.some((pcr) => pcr > lastOfBoot)) return compare(component, facts);
  const values = Object.entries(pcrValues).map(
    ([bank, of]) => `${bank} ${pcrs.map((pcr) => of.get(pcr)?.toHex()).join()}`,
  );
  const name = `${component} ${knownGood.era(now)} ${values.join(' ')}`;
  const known = answersOf(events, knownGood, policy);
  const answer = known.get(name) ?? compare(component, facts);
  // Hosts with one log have one boot; whoever sends another host's log has other values each time.
  if (known.size >= mostAnswers) known.clear();
  known.set(name, answer);
  return answer;
}

const lastOfBoot = 9;
const mostAnswers = 64;

/** All whose value a comparison may look at. */
function namedPcrs(knownGood: KnownGood): readonly number[] {
  let pcrs = named.get(knownGood);
  if (!pcrs) {
    const lists = components.flatMap((one) => knownGood.pcrValues(one)).filter((one) => !isBySha1(one));
    pcrs = [...new Set(lists.flatMap(({ values }) => values.map(({ pcr }) => pcr)))].sort((a, b) => a - b);
    named.set(knownGood, pcrs);
  }
  return pcrs;
}
const named = new WeakMap<KnownGood, readonly number[]>();

type Answers = Map<string, Comparison>;
const answers = new WeakMap<object, WeakMap<KnownGood, WeakMap<object, Answers>>>();

function answersOf(events: object, knownGood: KnownGood, policy: object): Answers {
  const byKnownGood = answers.get(events) ?? new WeakMap<KnownGood, WeakMap<object, Answers>>();
  answers.set(events, byKnownGood);
  const byPolicy = byKnownGood.get(knownGood) ?? new WeakMap<object, Answers>();
  byKnownGood.set(knownGood, byPolicy);
  const found = byPolicy.get(policy) ?? new Map<string, Comparison>();
  byPolicy.set(policy, found);
  return found;
}
