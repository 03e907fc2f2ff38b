// The evidence behind each change of verdict, with all it takes to verify it again: key and endorsement as they were, which may be others
// by now. Boot logs stay in `boot_logs`, each once.
import { sql } from 'kysely';
import { dropBootLog } from './boot-logs.ts';
import { packed, unpacked } from './packed.ts';
import type { Db, EnrolmentRow, EvidenceRow } from './schema.ts';

/** Of each host, as stored; the oldest go first. A host decides how large its evidence is. */
const mostBytes = 32 * 1024 * 1024;

/** What a round was verified with. */
export type KeptEvidence = EvidenceRow &
  Pick<EnrolmentRow, 'ak_public' | 'ek_sha256' | 'ek_certificate' | 'endorsement'> & {
    /** The boot log, base64; null: there is none beside `claimed`. */
    event_log: string | null;
  };

/** That of the present round, which is in `evidence`; nothing when none is there of this round. Run it in a transaction. */
export async function keepEvidenceOfRound(db: Db, host: string, round: number): Promise<void> {
  const kept = await present(db, host, round);
  if (!kept) return;
  const { host: _host, round: _round, received_at, event_log_sha256, event_log: _log, ...rest } = kept;
  const body = packed(JSON.stringify(rest));
  if (body.length > mostBytes) return;
  await db
    .insertInto('evidence_history')
    .values({ host, round, received_at, event_log_sha256, body })
    .onConflict((conflict) => conflict.columns(['host', 'round']).doNothing())
    .execute();
  const sizes = await db
    .selectFrom('evidence_history')
    .select('round')
    .select(({ fn }) => fn<number>('length', ['body']).as('bytes'))
    .where('host', '=', host)
    .orderBy('round', 'desc')
    .execute();
  let sum = 0;
  for (const { round: one, bytes } of sizes) {
    sum += bytes;
    if (sum > mostBytes) await drop(db, host, one);
  }
}

/** Of one round: what is kept of it, or the present evidence when it is that round's. */
export async function evidenceAt(db: Db, host: string, round: number): Promise<KeptEvidence | undefined> {
  const row = await db
    .selectFrom('evidence_history')
    .leftJoin('boot_logs', 'boot_logs.sha256', 'evidence_history.event_log_sha256')
    .select(['received_at', 'event_log_sha256', 'body', 'boot_logs.log'])
    .where('host', '=', host)
    .where('round', '=', round)
    .executeTakeFirst();
  if (!row) return await present(db, host, round);
  const { body, log, ...at } = row;
  const rest = JSON.parse(unpacked(body).toString()) as Omit<KeptEvidence, 'host' | 'round' | keyof typeof at>;
  return { host, round, ...at, ...rest, event_log: log };
}

/** Of a key that is enrolled no longer nothing can be said. */
async function present(db: Db, host: string, round: number): Promise<KeptEvidence | undefined> {
  const row = await db
    .selectFrom('evidence')
    .innerJoin('enrolments', (join) =>
      join.onRef('enrolments.host', '=', 'evidence.host').onRef('enrolments.ak_name', '=', 'evidence.ak_name'),
    )
    .leftJoin('boot_logs', 'boot_logs.sha256', 'evidence.event_log_sha256')
    .selectAll('evidence')
    .select(['enrolments.ak_public', 'enrolments.ek_sha256', 'enrolments.ek_certificate', 'enrolments.endorsement'])
    .select('boot_logs.log')
    .where('evidence.host', '=', host)
    .where('evidence.round', '=', round)
    .executeTakeFirst();
  if (!row) return undefined;
  const { log, ...rest } = row;
  return { ...rest, event_log: log };
}

/** Unless a change of verdict rests on it. */
export async function dropEvidence(db: Db, host: string, round: number): Promise<void> {
  const { rows } = await sql`select 1 from verdict_history where host = ${host} and round = ${round} limit 1`.execute(
    db,
  );
  if (rows.length === 0) await drop(db, host, round);
}

async function drop(db: Db, host: string, round: number): Promise<void> {
  const gone = await db
    .deleteFrom('evidence_history')
    .where('host', '=', host)
    .where('round', '=', round)
    .returning('event_log_sha256')
    .executeTakeFirst();
  if (gone?.event_log_sha256) await dropBootLog(db, gone.event_log_sha256);
}

/** Boot logs that changes of this host rest on. */
export async function bootLogsOfHistory(db: Db, host: string): Promise<string[]> {
  const rows = await db
    .selectFrom('evidence_history')
    .select('event_log_sha256')
    .distinct()
    .where('host', '=', host)
    .where('event_log_sha256', 'is not', null)
    .execute();
  return rows.flatMap(({ event_log_sha256 }) => event_log_sha256 ?? []);
}
