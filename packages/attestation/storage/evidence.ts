// The last evidence of each host, as it came, with what it takes to check it again.
import { dropBootLog, keepBootLog } from './boot-logs.ts';
import type { Db, EvidenceRow } from './schema.ts';

export type BootLogs = {
  /** SHA-256 of the boot log of the evidence that is there, `lastBootLog`. */
  before: string | undefined;
  /** Base64 of the one that came; undefined when it is kept already. */
  log: string | undefined;
};

/** Nothing is kept when a later round's is there. Run it in a transaction. */
export async function keepEvidence(db: Db, { host, ...fields }: EvidenceRow, { before, log }: BootLogs): Promise<void> {
  const { event_log_sha256: sha256 } = fields;
  if (sha256 !== null && log !== undefined) await keepBootLog(db, sha256, log);
  const kept = await db
    .insertInto('evidence')
    .values({ host, ...fields })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(fields).where('evidence.round', '<', fields.round))
    .returning('host')
    .executeTakeFirst();
  const left = kept ? before : sha256;
  if (left && before !== sha256) await dropBootLog(db, left);
}
