// The current verdicts of each host, one for each pool it is in. A later round replaces an earlier one, never the other way round, whatever the
// clock says: rounds are numbered. Of one round, appraised again, the verdict by newer standards is the current one.
import { parse, Verdict } from '@assay/protocol';
import { sql } from 'kysely';
import type { Db } from './schema.ts';

/** The verdicts on one round of a host, and what their reader needs to know how old they are. */
export type StoredVerdicts = {
  readonly host: string;
  readonly round: number;
  /** Of the standards they stand on. */
  readonly revision: number;
  readonly uptimeMs: number;
  readonly bootId: string;
  /** One for each pool the host is in. */
  readonly verdicts: readonly Verdict[];
  /** By pool: what is remembered of the files IMA measured, JSON. */
  readonly files?: Readonly<Record<string, string>>;
};

/** Run it in a transaction. @returns false when those of a later round, or by later standards, are there already, or the host is gone: nothing was stored */
export async function keepVerdicts(db: Db, stored: StoredVerdicts): Promise<boolean> {
  const { host, round, revision, uptimeMs, bootId, verdicts, files = {} } = stored;
  let kept = verdicts.length === 0;
  for (const verdict of verdicts) {
    const { pool } = verdict;
    // Written as SQL: put together by the query builder, it cost several times what SQLite itself does.
    const { rows } = await sql`
      insert into verdicts (host, pool, round, revision, verdict, uptime_ms, boot_id, files)
      select name, ${pool}, ${round}, ${revision}, ${JSON.stringify(verdict)}, ${uptimeMs}, ${bootId}, ${files[pool] ?? null}
      from hosts where name = ${host} and not exists (
        select 1 from verdicts as later
        where later.host = ${host} and (later.round > ${round} or (later.round = ${round} and later.revision > ${revision})))
      on conflict (host, pool) do update
      set round = excluded.round, revision = excluded.revision, verdict = excluded.verdict, uptime_ms = excluded.uptime_ms,
        boot_id = excluded.boot_id, files = excluded.files
      where verdicts.round < excluded.round or (verdicts.round = excluded.round and verdicts.revision < excluded.revision)
      returning host`.execute(db);
    kept ||= rows.length > 0;
  }
  if (kept)
    // Of pools it is no longer in.
    await sql`delete from verdicts where host = ${host} and (round < ${round} or (round = ${round} and revision < ${revision}))`.execute(
      db,
    );
  return kept;
}

/** @returns those that can be read, and the hosts of those that cannot: one bad row spoils no other */
export async function readVerdicts(db: Db): Promise<{ stored: StoredVerdicts[]; unreadable: string[] }> {
  const byHost = new Map<string, StoredVerdicts & { verdicts: Verdict[] }>();
  const unreadable: string[] = [];
  for (const row of await db.selectFrom('verdicts').selectAll().orderBy('host').orderBy('pool').execute()) {
    try {
      const verdict = parse(Verdict, row.verdict, `stored verdict of ${row.host}`);
      const { host, round, revision } = row;
      const before = byHost.get(host);
      if (before) before.verdicts.push(verdict);
      else
        byHost.set(host, { host, round, revision, uptimeMs: row.uptime_ms, bootId: row.boot_id, verdicts: [verdict] });
    } catch {
      unreadable.push(row.host); // no verdict: such a host reads as unknown
    }
  }
  return { stored: [...byHost.values()], unreadable };
}
