// What became of a host, change by change: each verdict that differed from the one before it, with the evidence it was given on.
// A verdict that expires is no change here: nobody gives it, its readers see it.
import { canonicalTags, parse, Verdict } from '@assay/protocol';
import { dropEvidence, keepEvidenceOfRound } from './evidence-history.ts';
import { packed, unpacked } from './packed.ts';
import type { Db } from './schema.ts';

/** A host that changes in every round fills nobody’s disk: of each pool so many of its changes are kept. */
const mostChanges = 500;

/** What makes a verdict another one: trust, the codes that count, by component, and certified tags. Who only fails in one more place of the same kind stays the same. */
export function gistOf({ trust, findings, tags }: Pick<Verdict, 'trust' | 'findings' | 'tags'>): string {
  const certified = tags ? [`tags ${JSON.stringify(canonicalTags(tags))}`] : [];
  if (findings.length === 0) return [trust, ...certified].join(' ');
  const codes = findings
    .filter(({ allowed }) => !allowed)
    .map(({ code, component }) => (component ? `${code}@${component}` : code));
  return [trust, ...[...new Set(codes)].sort(), ...certified].join(' ');
}

export type Changed = {
  host: string;
  round: number;
  revision: number;
  /** When; absent: when the evidence was verified. */
  at?: Date | undefined;
  verdicts: readonly Verdict[];
};

/** Run it in the transaction that stores these verdicts. */
export async function keepHistory(db: Db, { host, round, revision, at: given, verdicts }: Changed): Promise<void> {
  for (const verdict of verdicts) {
    const { pool } = verdict;
    const at = given?.toISOString() ?? verdict.verified_at;
    await db
      .insertInto('verdict_history')
      .values({ host, pool, round, revision, at, verdict: packed(JSON.stringify(verdict)) })
      .onConflict((conflict) => conflict.columns(['host', 'pool', 'round', 'revision']).doNothing())
      .execute();
    const oldest = await db
      .selectFrom('verdict_history')
      .select(['round', 'revision'])
      .where('host', '=', host)
      .where('pool', '=', pool)
      .orderBy('round', 'desc')
      .orderBy('revision', 'desc')
      .offset(mostChanges)
      .limit(1)
      .executeTakeFirst();
    if (oldest) await dropChanges(db, [{ host, pool, ...oldest }]);
  }
  await keepEvidenceOfRound(db, host, round);
}

/** Before another verdict replaces the current one: until when did that hold? Run it in the same transaction. */
export async function endRun(db: Db, host: string, pool: string): Promise<void> {
  const of = { host, pool };
  const last = await db
    .selectFrom('verdicts')
    .select('verdict')
    .where((is) => is.and(of))
    .executeTakeFirst();
  const change = await db
    .selectFrom('verdict_history')
    .select(['round', 'revision'])
    .where((is) => is.and(of))
    .orderBy('round', 'desc')
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last || !change) return;
  const until = verifiedAt(last.verdict);
  if (until === undefined) return;
  await db
    .updateTable('verdict_history')
    .set({ until })
    .where((is) => is.and({ ...of, ...change }))
    .execute();
}

/** Undefined: the row cannot be read, and nothing is said of it. */
function verifiedAt(verdict: string): string | undefined {
  try {
    return parse(Verdict, verdict, 'stored verdict').verified_at;
  } catch {
    return undefined;
  }
}

export type VerdictChangeKept = {
  readonly pool: string;
  readonly round: number;
  readonly revision: number;
  readonly at: string;
  /** When its last evidence was verified, before another verdict followed; null: none has. */
  readonly until: string | null;
  readonly verdict: Verdict;
  /** Whether the evidence of this round is still there: `evidenceAt`. */
  readonly evidence: boolean;
};

/**
 * The newest first.
 * @throws AssayError `message-…` for a row that is no verdict
 */
export async function historyOf(
  db: Db,
  host: string,
  { pool, limit = 100 }: { pool?: string | undefined; limit?: number | undefined } = {},
): Promise<VerdictChangeKept[]> {
  let query = db
    .selectFrom('verdict_history as change')
    .leftJoin('evidence_history as kept', (join) =>
      join.onRef('kept.host', '=', 'change.host').onRef('kept.round', '=', 'change.round'),
    )
    .select([
      'change.pool',
      'change.round',
      'change.revision',
      'change.at',
      'change.until',
      'change.verdict',
      'kept.round as evidence',
    ])
    .where('change.host', '=', host)
    .orderBy('change.round', 'desc')
    .orderBy('change.revision', 'desc')
    .orderBy('change.pool')
    .limit(limit);
  if (pool !== undefined) query = query.where('change.pool', '=', pool);
  return (await query.execute()).map(({ verdict, evidence, ...change }) => ({
    ...change,
    verdict: parse(Verdict, unpacked(verdict).toString(), `verdict of round ${change.round} on ${host}`),
    evidence: evidence !== null,
  }));
}

type ChangeKey = { host: string; pool: string; round: number; revision: number };

/**
 * Forgets changes before an instant, a step at a time; never the last one of a pool, which tells since when a host is what it is.
 * Run it in a transaction. @returns how many were forgotten: fewer than `most` means that none is left
 */
export async function forgetHistory(db: Db, before: Date, most = 200): Promise<number> {
  const old = await db
    .selectFrom('verdict_history as old')
    .select(['old.host', 'old.pool', 'old.round', 'old.revision'])
    .where('old.at', '<', before.toISOString())
    // A verdict that held for long is remembered from its end on: it says when the host last was good.
    .where(({ fn }) => fn.coalesce('old.until', 'old.at'), '<', before.toISOString())
    .where((is) =>
      is.exists(
        is
          .selectFrom('verdict_history as later')
          .select('later.host')
          .whereRef('later.host', '=', 'old.host')
          .whereRef('later.pool', '=', 'old.pool')
          .where((either) =>
            either.or([
              either('later.round', '>', either.ref('old.round')),
              either.and([
                either('later.round', '=', either.ref('old.round')),
                either('later.revision', '>', either.ref('old.revision')),
              ]),
            ]),
          ),
      ),
    )
    .limit(most)
    .execute();
  await dropChanges(db, old);
  return old.length;
}

/** With the evidence that no other change rests on. */
async function dropChanges(db: Db, changes: readonly ChangeKey[]): Promise<void> {
  for (const { host, pool, round, revision } of changes) {
    await db
      .deleteFrom('verdict_history')
      .where('host', '=', host)
      .where('pool', '=', pool)
      .where('round', '=', round)
      .where('revision', '=', revision)
      .execute();
    await dropEvidence(db, host, round);
  }
}
