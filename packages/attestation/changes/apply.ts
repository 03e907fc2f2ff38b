// How is anything changed that is good? One change at a time: rehearsed on the whole fleet, held by the brake or forced with a reason, written together
// with its line in the journal, and every verdict given anew at once.
import { AssayError } from '@assay/core';
import type { Change, Rehearsal } from '@assay/protocol';
import type { Standards } from '../standards/standards.ts';
import { type NewJournalLine, writeJournal } from '../storage/journal.ts';
import type { Db } from '../storage/schema.ts';
import { countUp, setJudgedFrom, versionOf } from '../storage/versions.ts';
import type { ChangeNeeds } from './needs.ts';
import { reappraiseHosts } from './reappraise.ts';
import { isBraked } from './rehearsal.ts';
import { rehearse } from './rehearse.ts';

/** What would be done to the standards of this moment. */
export type Plan<R> = {
  /** Policies and values after it; undefined: nothing changes. */
  readonly next: Pick<Standards, 'knownGood' | 'policies'> | undefined;
  /** What the caller is told when nothing is done: a dry run, or nothing to do. */
  readonly unchanged: R;
  /** In a transaction. */
  write(tx: Db, at: Date): Promise<R>;
  readonly lines: readonly Pick<NewJournalLine, 'action' | 'subject' | 'text'>[];
  /** Looks at the hosts whose evidence, of whatever age, would no longer be good, and refuses by throwing: what no `force` can have. */
  check?(rehearsal: Rehearsal, needing: ReadonlySet<string>): void;
};

/** What is changed, for codes and messages; and by which command somebody would do it, where that can be told. */
export type Subject = { readonly kind: 'policy' | 'reference'; readonly where: string; readonly command?: string };

export type Applied<R> = { readonly result: R; readonly rehearsal: Rehearsal };

/** Somebody else may have changed something meanwhile (labels of a host): then it is rehearsed again. */
const mostTries = 5;

/**
 * @param planOf is asked again when the standards it was made for are not the present ones any more; throws what refuses the change
 * @throws AssayError `policy-brake` or `reference-brake`, `change-because-missing`, `change-stale`
 */
export async function applyChange<R>(
  needs: ChangeNeeds,
  change: Change,
  subject: Subject,
  planOf: (present: Standards) => Plan<R> | Promise<Plan<R>>,
): Promise<Applied<R>> {
  const because = change.because?.trim() ? change.because : undefined;
  if (change.force && because === undefined)
    throw new AssayError('change-because-missing', subject.where, 'a reason for forcing it: because', 'none');
  return await needs.turns(async () => {
    for (let tries = 0; tries < mostTries; tries++) {
      const present = await needs.standards(needs.db);
      const plan = await planOf(present);
      const revision = present.revision + 1;
      const next = plan.next ? { ...plan.next, revision } : present;
      const { rehearsal, losers, losses, needing } = await rehearse(needs, present, next, plan.check !== undefined);
      plan.check?.(rehearsal, needing.union(losers));
      if (change.dry_run || !plan.next) return { result: plan.unchanged, rehearsal };
      if (!change.force) checkBrake(subject, rehearsal);
      const done = await write(needs, change, present, plan);
      if (!done) continue;
      if (!change.force) needs.fallWatch.take(losses, needs.clock.uptimeMs());
      await judgeAnew(needs, revision, change.force ? losers : new Set());
      return { result: done.result, rehearsal };
    }
    throw new AssayError(
      'change-stale',
      subject.where,
      'standards that stay as they are for the time of a rehearsal',
      'others',
      {
        hint: 'try again',
      },
    );
  });
}

/** @returns undefined when the standards are others than those that were rehearsed against */
async function write<R>(
  { db, clock }: ChangeNeeds,
  { by = 'somebody', because }: Change,
  present: Standards,
  plan: Plan<R>,
): Promise<{ result: R } | undefined> {
  return await db.transaction().execute(async (tx) => {
    if ((await versionOf(tx, 'standards')) !== present.revision) return undefined;
    const at = clock.now();
    const result = await plan.write(tx, at);
    await setJudgedFrom(tx, await countUp(tx, 'standards'));
    for (const line of plan.lines) await writeJournal(tx, { at: at.toISOString(), by, because, ...line });
    return { result };
  });
}

/**
 * The change is done, whatever becomes of this: who could not be judged by it is unknown from now on, until it is.
 * @param revision of the standards after it
 * @param excused whose fall somebody forced
 */
async function judgeAnew(needs: ChangeNeeds, revision: number, excused: ReadonlySet<string>): Promise<void> {
  await needs.fallWatch.excuse(excused, async () => {
    try {
      await reappraiseHosts(needs);
    } catch (err) {
      needs.log.error({ err }, 'recorded evidence could not be judged anew: it is tried again');
    }
    needs.registry.judgeFrom(revision);
  });
}

const mostNamed = 5;

/** @throws AssayError `policy-brake` or `reference-brake` */
export function checkBrake({ kind, where, command: act }: Subject, rehearsal: Rehearsal): void {
  if (!isBraked(rehearsal)) return;
  const { lost_recently: before = 0, losing_percent: percent, brake_percent: most } = rehearsal;
  const { losing_unheard: unheard = 0 } = rehearsal;
  const losing = rehearsal.losing + unheard;
  const command = act ? `${act} ` : '';
  const named = losersIn(rehearsal).slice(0, mostNamed).join(', ');
  const others = losing > mostNamed ? ` and ${losing - mostNamed} more` : '';
  const trusted = Math.round((100 * (losing + before)) / percent);
  const together = before > 0 ? `${losing}, and ${before} by changes just before,` : `${losing}`;
  const away = unheard > 0 ? `, ${unheard} of them when heard again` : '';
  throw new AssayError(
    `${kind}-brake`,
    where,
    `a change by which at most ${most} % of the trusted hosts lose trust`,
    `${together} of ${trusted} (${Math.round(percent)} %)${away}, most by ${mostOften(lossesIn(rehearsal))}: ${named}${others}`,
    {
      hint: [`${command}--dry-run`, 'says more,', `${command}--force --because "…"`, 'does it all the same'].join(' '),
    },
  );
}

const lossesIn = ({ changes, when_heard = [] }: Rehearsal): Rehearsal['changes'] => [
  ...changes.filter(({ before, after }) => before === 'trusted' && after !== 'trusted'),
  ...when_heard,
];

/** Names of hosts that would lose trust, now or when they are heard again; as many as the rehearsal lists. */
export const losersIn = (rehearsal: Rehearsal): string[] => [...new Set(lossesIn(rehearsal).map(({ host }) => host))];

/** The code that decides most often. */
function mostOften(changes: Rehearsal['changes']): string {
  const counts = new Map<string, number>();
  for (const { code = 'leaving the pool' } of changes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'nothing';
}
