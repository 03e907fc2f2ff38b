// Which known thing does a component resemble? `same kernel image as linux-image 6.1.0-31, other kernel command line: … debug`

import { claimNameOf } from '@assay/measurement';
import type { Bank, ReferenceValue } from '@assay/protocol';
import type { Standing } from '../reference/standing.ts';
import { changesInWords, knownWords, provenWords, wordChanges } from './command-words.ts';
import type { Deviation, Deviations } from './deviations.ts';

/** So many claims are named; the rest is counted. */
const mostNamed = 4;

/** What every boot has, and says nothing of whose it is. */
const telltale = (claim: string): boolean => claim !== 'separator' && claim !== 'action';

/**
 * @param named how a value is called
 * @returns undefined: nothing in it is known
 */
export function resemblance(
  { same, deviations, base }: Deviations,
  banks: readonly Bank[],
  named: (value: ReferenceValue, standing: Standing) => string,
): string | undefined {
  const byValue = new Map<ReferenceValue, string[]>();
  for (const { part, value } of same) {
    const claim = claimNameOf(part);
    if (!telltale(claim)) continue;
    const claims = byValue.get(value) ?? [];
    if (!claims.includes(claim)) claims.push(claim);
    byValue.set(value, claims);
  }
  if (byValue.size === 0 || deviations.length === 0) return undefined;
  const equal = [...byValue].map(([value, claims]) => {
    const standing = base?.value === value ? base.standing : 'good';
    return `same ${listed(claims)} as ${named(value, standing)}`;
  });
  const others = new Map<string, string | undefined>();
  for (const one of deviations) {
    const words = wordsOf(one, banks);
    if (!others.has(one.claim) || others.get(one.claim) === undefined) others.set(one.claim, words);
  }
  const differing = [...others]
    .slice(0, mostNamed)
    .map(([claim, words]) => `other ${claim}${words ? `: ${words}` : ''}`);
  const more = others.size - differing.length;
  return [...equal, ...differing, ...(more > 0 ? [`${more} more that differ`] : [])].join(', ');
}

function wordsOf({ expected, seen }: Deviation, banks: readonly Bank[]): string | undefined {
  const bank = banks.find((one) => expected?.digests[one] !== seen?.digests[one]);
  if (!expected || !seen || !bank) return undefined;
  const [before, after] = [knownWords(expected, bank), provenWords(seen, bank)];
  return before === undefined || after === undefined
    ? undefined
    : changesInWords(wordChanges(before, after)) || undefined;
}

function listed(claims: readonly string[]): string {
  const named = claims.slice(0, mostNamed);
  const more = claims.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
