// The current verdicts of each host, one for each pool it is in. A later round replaces an earlier one, never the other way round, whatever the
// clock says: rounds are numbered. Of one round, appraised again, the verdict by newer standards is the current one.
import type { FilesState } from '@assay/appraisal';
import { parse, Verdict } from '@assay/protocol';
import { sql } from 'kysely';
import type { Db, VerdictRow } from './schema.ts';
import { endRun, gistOf, keepHistory } from './verdict-history.ts';

/** The verdicts on one round of a host, and what their reader needs to know how old they are. */
export type StoredVerdicts = {
  readonly host: string;
  readonly round: number;
  /** Of the standards they stand on. */
  readonly revision: number;
  readonly uptimeMs: number;
  readonly bootId: string;
  /** When they were given, for the history; absent: when the evidence was verified, as it is in a round. */
  readonly at?: Date;
  /** One for each pool the host is in. */
  readonly verdicts: readonly Verdict[];
  /** By pool: what is remembered of the files IMA measured, JSON. */
  readonly files?: Readonly<Record<string, string>>;
};

/**
 * Those that differ from the ones before go into history, with the evidence that is stored of their round: store that first.
 * Run it in a transaction. @returns false when those of a later round, or by later standards, are there already, or the host is gone: nothing was stored
 */
export async function keepVerdicts(db: Db, stored: StoredVerdicts): Promise<boolean> {
  const { host, round, revision, at, uptimeMs, bootId, verdicts, files = {} } = stored;
  // Written as SQL: put together by the query builder, it cost several times what SQLite itself does.
  const { rows: before } = await sql<
    Pick<VerdictRow, 'pool' | 'round' | 'revision' | 'gist'>
  >`select pool, round, revision, gist from verdicts where host = ${host}`.execute(db);
  if (before.some((old) => old.round > round || (old.round === round && old.revision >= revision))) return false;
  const changed: Verdict[] = [];
  for (const verdict of verdicts) {
    const { pool } = verdict;
    const gist = gistOf(verdict);
    const old = before.find((one) => one.pool === pool);
    if (old && old.gist !== gist) await endRun(db, host, pool);
    const { rows } = await sql`
      insert into verdicts (host, pool, round, revision, verdict, gist, uptime_ms, boot_id, files)
      select name, ${pool}, ${round}, ${revision}, ${JSON.stringify(verdict)}, ${gist}, ${uptimeMs}, ${bootId}, ${filesIn(files, pool)}
      from hosts where name = ${host}
      on conflict (host, pool) do update
      set round = excluded.round, revision = excluded.revision, verdict = excluded.verdict, gist = excluded.gist,
        uptime_ms = excluded.uptime_ms, boot_id = excluded.boot_id, files = excluded.files
      returning host`.execute(db);
    if (rows.length === 0) return false;
    if (old?.gist !== gist) changed.push(verdict);
  }
  const left = before.filter((old) => !verdicts.some(({ pool }) => pool === old.pool));
  for (const { pool } of left) await sql`delete from verdicts where host = ${host} and pool = ${pool}`.execute(db);
  if (changed.length > 0) await keepHistory(db, { host, round, revision, at, verdicts: changed });
  return true;
}

/** A pool may be called `constructor`. */
const filesIn = (files: Readonly<Record<string, string>>, pool: string): string | null =>
  Object.hasOwn(files, pool) ? (files[pool] ?? null) : null;

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

/** By pool: what appraisal remembers of the files IMA measured, JSON. */
export async function filesOf(db: Db, host: string): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('verdicts')
    .select(['pool', 'files'])
    .where('host', '=', host)
    .where('files', 'is not', null)
    .execute();
  return new Map(rows.flatMap(({ pool, files }) => (files === null ? [] : [[pool, files] as const])));
}

/** What a row's `files` holds. Of an unreadable one nothing is remembered: all files are judged again. */
export function filesStateOf(text: string | null | undefined): FilesState | undefined {
  try {
    return text ? (JSON.parse(text) as FilesState) : undefined;
  } catch {
    return undefined;
  }
}
