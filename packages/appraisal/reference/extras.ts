// Is an extra component of a policy known good? By the values of its PCRs alone, which the quote proves, whatever extended them.
import type { Finding, PolicyDocument } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import type { Comparison } from './compare.ts';
import { type ByValue, knownByPcrs, pcrDifference, pcrFinding } from './pcr-values.ts';
import { earlyText, retiredText, standingOf } from './standing.ts';
import { type Admitted, banksOf, type Facts } from './support.ts';

export type Extra = NonNullable<PolicyDocument['extras']>[number];

type ExtraFacts = Omit<Facts, 'events' | 'allows'>;

export function compareExtra({ name, pcrs }: Extra, facts: ExtraFacts): Comparison {
  const knownBy = (admitted: Admitted) => {
    const { supports, pcrs: known } = knownByPcrs(name, facts, admitted);
    return pcrs.length > 0 && pcrs.every((pcr) => known.has(pcr)) ? supports : undefined;
  };
  const idsOf = (supports: readonly ByValue[]) => supports.map(({ value }) => value.id);
  const good = knownBy(['good']);
  if (good) return { known: true, values: idsOf(good), supports: good };
  const was = knownBy(['good', 'retired']) ?? knownBy(['good', 'early']) ?? knownBy(['good', 'early', 'retired']);
  if (was) return { known: false, values: idsOf(was), finding: notGood({ name, pcrs }, was, facts) };
  const differs = pcrDifference(name, facts, ['good']);
  return {
    known: false,
    values: [],
    finding: differs ? pcrFinding(name, differs) : missing({ name, pcrs }, facts),
  };
}

const placeOf = ({ name, pcrs }: Extra) => ({ component: name, ...(pcrs[0] !== undefined && { pcr: pcrs[0] }) });

const missing = (extra: Extra, facts: Pick<Facts, 'quoted'>): Finding =>
  finding(
    'reference-missing',
    'reference values',
    `${banksOf(facts).join(' and ')} values of PCR ${extra.pcrs.join(', ')}`,
    'none for all of them: run `assay reference import FILE`',
    placeOf(extra),
  );

function notGood(extra: Extra, supports: readonly ByValue[], facts: Pick<Facts, 'now'>): Finding {
  const values = supports.map(({ value }) => value);
  const retired = values.find((value) => standingOf(value, facts.now) === 'retired');
  const where = `PCR ${extra.pcrs.join(', ')}`;
  if (retired)
    return finding('measurement-retired', where, 'what is not retired', retiredText(retired), placeOf(extra));
  const early = values.filter((value) => standingOf(value, facts.now) === 'early').map(earlyText);
  return finding('measurement-early', where, 'what is good already', early.join('; '), placeOf(extra));
}

/** Components that a policy defines beside the four. */
export const extrasOf = ({ document }: Pick<Policy, 'document'>): readonly Extra[] => document.extras ?? [];

/** PCRs whose value an extra has as known good: what extended them is known then, whether a boot log tells of it or not. */
export function pcrsOfGoodExtras(policy: Pick<Policy, 'document'>, facts: ExtraFacts): ReadonlySet<number> {
  return new Set(extrasOf(policy).flatMap((extra) => (compareExtra(extra, facts).known ? extra.pcrs : [])));
}
