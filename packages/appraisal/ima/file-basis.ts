// By what are files judged? Allow lists as they stand at a moment, and what a policy says of files. One judge for each such basis, kept while it
// is used: what it knows of a line serves all hosts.
import { hash } from 'node:crypto';
import type { ReferenceValue } from '@assay/protocol';
import type { Policy } from '../policy/policy.ts';
import type { KnownGood } from '../reference/known-good.ts';
import { standingOf } from '../reference/standing.ts';
import { FileJudge } from './file-judge.ts';

/** Of the policy, as far as it concerns files; undefined: it does not ask for them. */
export function fileRulesOf({ document }: Pick<Policy, 'document'>) {
  return document.ima?.files === 'known-good' ? document.ima : undefined;
}

type Lists = { era: number; name: string };
const lists = new WeakMap<KnownGood, Lists>();

/** Of the rules written in this program: another number where one changes, so that what was judged by the older is judged anew. */
const judging = 3;

/** Names these allow lists with these rules, at this moment; the same name, the same outcome for every file. */
export function basisOf(policy: Pick<Policy, 'document'>, knownGood: KnownGood, now: Date): string {
  const { exclude = [], signed_by: signers = [] } = fileRulesOf(policy) ?? {};
  const era = knownGood.era(now);
  let known = lists.get(knownGood);
  if (known?.era !== era) {
    known = { era, name: listsName(knownGood.values, now) };
    lists.set(knownGood, known);
  }
  return hash('sha256', JSON.stringify([judging, known.name, exclude, signers]), 'hex');
}

/** A value's id is the hash of what it holds. */
function listsName(values: readonly ReferenceValue[], now: Date): string {
  const standings = values.flatMap((value) =>
    value.content.form === 'files' ? [`${value.id} ${standingOf(value, now)}`] : [],
  );
  return hash('sha256', standings.sort().join('\n'), 'hex');
}

/** As many policies as ask for files at a time, and what a rehearsal tries beside them. */
const mostJudges = 4;
/** The least recently used first. */
const judges = new Map<string, FileJudge>();

export function judgeFor(basis: string, policy: Pick<Policy, 'document'>, knownGood: KnownGood, now: Date): FileJudge {
  const judge = judges.get(basis) ?? new FileJudge(knownGood.files, fileRulesOf(policy) ?? {}, now);
  judges.delete(basis);
  judges.set(basis, judge);
  for (const old of judges.keys()) {
    if (judges.size <= mostJudges) break;
    judges.delete(old);
  }
  return judge;
}
