// Boot logs, each kept once, by its SHA-256, however many rounds and hosts have the same; and for as long as evidence that is kept of some
// host has it.
import type { KnownLogs } from '@assay/appraisal';
import type { PcrWish, SentEvidence } from '@assay/protocol';
import type { Db } from './schema.ts';

/** SHA-256 of the boot log of a host's last evidence; undefined when there is none. */
export async function lastBootLog(db: Db, host: string): Promise<string | undefined> {
  const row = await db.selectFrom('evidence').select('event_log_sha256').where('host', '=', host).executeTakeFirst();
  return row?.event_log_sha256 ?? undefined;
}

/** @param log base64, in its canonical spelling */
export async function keepBootLog(db: Db, sha256: string, log: string): Promise<void> {
  await db
    .insertInto('boot_logs')
    .values({ sha256, log })
    .onConflict((conflict) => conflict.column('sha256').doNothing())
    .execute();
}

/** Base64; undefined when it is not kept. */
export async function findBootLog(db: Db, sha256: string): Promise<string | undefined> {
  return (await db.selectFrom('boot_logs').select('log').where('sha256', '=', sha256).executeTakeFirst())?.log;
}

/** Evidence with the boot log that `event_log_sha256` names in it; a reading in memory, over these PCRs, is as good as the log. */
export async function withKeptLog(
  db: Db,
  knownLogs: KnownLogs,
  evidence: SentEvidence,
  wanted: readonly PcrWish[],
): Promise<SentEvidence> {
  const { event_log_sha256: named, event_log } = evidence;
  if (named === undefined || event_log !== undefined) return evidence;
  const selection = wanted.map(({ bank, pcrs }) => ({ hash: bank, pcrs: [...pcrs] }));
  if (knownLogs.recall(named, selection)) return evidence;
  const log = await findBootLog(db, named);
  return log === undefined ? evidence : { ...evidence, event_log: log };
}

/** Unless the evidence of some host has it, of now or in history. */
export async function dropBootLog(db: Db, sha256: string): Promise<void> {
  await db
    .deleteFrom('boot_logs')
    .where('sha256', '=', sha256)
    .where((is) =>
      is.not(
        is.or([
          is.exists(is.selectFrom('evidence').select('host').where('evidence.event_log_sha256', '=', sha256)),
          is.exists(is.selectFrom('evidence_history as old').select('host').where('old.event_log_sha256', '=', sha256)),
        ]),
      ),
    )
    .execute();
}
