// The current verdict of each host. A later round replaces an earlier one, never the other way round, whatever the clock
// says: rounds are numbered.
import { parse, Verdict } from '@assay/protocol';
import { sql } from 'kysely';
import type { Db } from './schema.ts';

/** A verdict, and what its reader needs to know how old it is. */
export type StoredVerdict = {
  readonly verdict: Verdict;
  readonly round: number;
  readonly uptimeMs: number;
  readonly bootId: string;
};

/** @returns false when a later round's is there already, or the host is gone: nothing was stored */
export async function keepVerdict(db: Db, { verdict, round, uptimeMs, bootId }: StoredVerdict): Promise<boolean> {
  // Written as SQL: put together by the query builder, it cost several times what SQLite itself does.
  const { rows } = await sql`
    insert into verdicts (host, round, verdict, uptime_ms, boot_id)
    select name, ${round}, ${JSON.stringify(verdict)}, ${uptimeMs}, ${bootId} from hosts where name = ${verdict.host}
    on conflict (host) do update
    set round = excluded.round, verdict = excluded.verdict, uptime_ms = excluded.uptime_ms, boot_id = excluded.boot_id
    where verdicts.round < excluded.round
    returning host`.execute(db);
  return rows.length > 0;
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
