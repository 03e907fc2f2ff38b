// The current verdict of each host. A later round replaces an earlier one, never the other way round, whatever the clock
// says: rounds are numbered.
import { parse, Verdict } from '@assay/protocol';
import type { Db, VerdictRow } from './schema.ts';

/** A verdict, and what its reader needs to know how old it is. */
export type StoredVerdict = {
  readonly verdict: Verdict;
  readonly round: number;
  readonly uptimeMs: number;
  readonly bootId: string;
};

/** @returns false when a later round's is there already, or the host is gone: nothing was stored */
export async function keepVerdict(db: Db, { verdict, round, uptimeMs, bootId }: StoredVerdict): Promise<boolean> {
  const fields: Omit<VerdictRow, 'host'> = {
    round,
    verdict: JSON.stringify(verdict),
    uptime_ms: uptimeMs,
    boot_id: bootId,
  };
  const kept = await db
    .insertInto('verdicts')
    .columns(['host', 'round', 'verdict', 'uptime_ms', 'boot_id'])
    .expression((of) =>
      of
        .selectFrom('hosts')
        .where('name', '=', verdict.host)
        .select(({ val }) => [
          'name',
          val(fields.round).as('round'),
          val(fields.verdict).as('verdict'),
          val(fields.uptime_ms).as('uptime_ms'),
          val(fields.boot_id).as('boot_id'),
        ]),
    )
    .onConflict((conflict) => conflict.column('host').doUpdateSet(fields).where('verdicts.round', '<', round))
    .returning('host')
    .executeTakeFirst();
  return kept !== undefined;
}

/** @returns those that can be read, and the hosts of those that cannot: one bad row spoils no other */
export async function readVerdicts(db: Db): Promise<{ verdicts: StoredVerdict[]; unreadable: string[] }> {
  const verdicts: StoredVerdict[] = [];
  const unreadable: string[] = [];
  for (const row of await db.selectFrom('verdicts').selectAll().execute()) {
    try {
      const verdict = parse(Verdict, row.verdict, `stored verdict of ${row.host}`);
      verdicts.push({ verdict, round: row.round, uptimeMs: row.uptime_ms, bootId: row.boot_id });
    } catch {
      unreadable.push(row.host); // no verdict: such a host reads as unknown
    }
  }
  return { verdicts, unreadable };
}
