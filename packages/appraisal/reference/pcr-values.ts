// Which PCRs have a value that is known good? Only values the quote proves count, and of a known value all PCRs it names.
import type { Bank, Finding } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import type { KnownPcrs } from './known-good.ts';
import { type Admitted, admittedOf, type Facts, type Support } from './support.ts';

export type ByValue = Extract<Support, { by: 'value' }>;
export type KnownByPcrs = { supports: ByValue[]; pcrs: ReadonlySet<number> };

type PcrFacts = Pick<Facts, 'quoted' | 'pcrValues' | 'knownGood' | 'now'>;

/** PCRs of which the component has a known value, in every bank that the quote has of them. */
export function knownByPcrs(component: string, facts: PcrFacts, admitted: Admitted): KnownByPcrs {
  const all = facts.knownGood.pcrValues(component);
  const holding = admittedOf(all, admitted, facts.now).filter((one) => holds(one, facts));
  return {
    supports: holding.map(({ value }) => ({ by: 'value', value, part: undefined })),
    pcrs: new Set(holding.flatMap((one) => pcrsOf(one, facts))),
  };
}

/** PCRs named in a bank of the quote; a value of other banks alone says nothing here. */
const pcrsOf = ({ values }: KnownPcrs, { quoted }: PcrFacts): number[] => [
  ...new Set(values.flatMap(({ bank, pcr }) => (quoted.some(({ hash }) => hash === bank) ? [pcr] : []))),
];

/** A PCR known by SHA-1 alone: no quote is taken over that, so that a value with one never holds. */
export const isBySha1 = ({ values }: Pick<KnownPcrs, 'values'>): boolean =>
  values.some(({ pcr }) => !values.some((one) => one.pcr === pcr && one.bank !== 'sha1'));

function holds(known: KnownPcrs, facts: PcrFacts): boolean {
  const pcrs = pcrsOf(known, facts);
  return pcrs.length > 0 && !isBySha1(known) && pcrs.every((pcr) => differing(known, pcr, facts) === undefined);
}

type Differing = { bank: Bank; pcr: number; expected: string; seen: string };

/** Undefined: the value of this PCR is the known one in every bank that is quoted of it, and it is quoted. */
function differing({ values }: KnownPcrs, pcr: number, { quoted, pcrValues }: PcrFacts): Differing | undefined {
  const banks = quoted.filter(({ pcrs }) => pcrs.includes(pcr)).map(({ hash }) => hash as Bank);
  const [first = 'sha256'] = quoted.map(({ hash }) => hash as Bank);
  if (banks.length === 0) return { bank: first, pcr, expected: 'a quoted value', seen: 'none' };
  for (const bank of banks) {
    const seen = pcrValues[bank]?.get(pcr)?.toHex();
    const expected = values
      .filter((one) => one.bank === bank && one.pcr === pcr)
      .map(({ value }) => value.toLowerCase());
    if (expected.length === 0 || expected.some((value) => value !== seen))
      return { bank, pcr, expected: expected.join(' and ') || 'a known value', seen: seen ?? 'none' };
  }
  return undefined;
}

/** Where proven PCR values part from the known ones that are nearest to them. Undefined: nothing is known, or nothing differs. */
export function pcrDifference(component: string, facts: PcrFacts, admitted: Admitted): Differing | undefined {
  const all = facts.knownGood.pcrValues(component);
  const good = admittedOf(all, admitted, facts.now);
  const differences = (good.length > 0 ? good : all).map((one) =>
    pcrsOf(one, facts).flatMap((pcr) => differing(one, pcr, facts) ?? []),
  );
  const [nearest] = differences.filter(({ length }) => length > 0).sort((a, b) => a.length - b.length);
  return nearest?.[0];
}

/**
 * The first PCR that was not quoted of a value that holds in all that was: nothing else speaks against it, and nothing can be said. Undefined: there
 * is no such value.
 */
export function unquotedPcr(component: string, facts: PcrFacts, admitted: Admitted): number | undefined {
  const isQuoted = (pcr: number) => facts.quoted.some(({ pcrs }) => pcrs.includes(pcr));
  for (const known of admittedOf(facts.knownGood.pcrValues(component), admitted, facts.now)) {
    if (isBySha1(known)) continue;
    const open = pcrsOf(known, facts).filter((pcr) => differing(known, pcr, facts));
    if (open.length > 0 && !open.some(isQuoted)) return open[0];
  }
  return undefined;
}

export const unquotedFinding = (component: string, pcr: number): Finding =>
  finding('pcr-not-quoted', `PCR ${pcr}`, 'a quote over all PCRs that a known value names', 'one without it', {
    component,
    pcr,
  });

export const pcrFinding = (component: string, { bank, pcr, expected, seen }: Differing): Finding =>
  finding('measurement-unknown', `PCR ${pcr} (${bank})`, expected, seen, { component, pcr });
