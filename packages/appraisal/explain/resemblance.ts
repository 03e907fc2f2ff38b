// Which known thing does a component resemble? `same kernel image as linux-image 6.1.0-31, other kernel command line: … debug`
import type { Bank, ReferenceValue } from '@assay/protocol';
import { differingWords } from './command-words.ts';
import type { Deviations } from './deviations.ts';
import { standingText } from './known-things.ts';

/** So many claims are named; the rest is counted. */
const mostNamed = 4;

/** Every boot has them, and they say nothing of whose it is. */
const isTelltale = (claim: string): boolean => claim !== 'separator' && claim !== 'action';

/** @returns undefined: nothing in it is known, or nothing differs */
export function resemblance(
  { same, deviations, base }: Deviations,
  banks: readonly Bank[],
  now: Date,
): string | undefined {
  const byValue = new Map<ReferenceValue, Set<string>>();
  for (const { part, value } of same)
    if (isTelltale(part.claim)) byValue.set(value, (byValue.get(value) ?? new Set()).add(part.claim));
  if (byValue.size === 0 || deviations.length === 0) return undefined;
  const equal = [...byValue].map(([value, claims]) => {
    const standing = base?.value === value ? base.standing : 'good';
    return `same ${listed([...claims], ', ')} as ${standingText(value, standing, now)}`;
  });
  const others = new Map<string, string | undefined>();
  for (const { claim, expected, seen } of deviations) {
    const bank = banks.find((one) => expected?.digests[one] !== seen?.digests[one]) ?? 'sha256';
    others.set(claim, others.get(claim) ?? differingWords(expected, seen, bank));
  }
  const differing = [...others].map(([claim, words]) => `other ${claim}${words === undefined ? '' : `: ${words}`}`);
  return [listed(equal, ', '), listed(differing, ', ')].join(', ');
}

function listed(texts: readonly string[], between: string): string {
  const more = texts.length - mostNamed;
  return `${texts.slice(0, mostNamed).join(between)}${more > 0 ? ` and ${more} more` : ''}`;
}
