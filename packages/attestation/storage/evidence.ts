// The last evidence of each host, as it came, with what it takes to check it again.
import { type HostEvidence, parse, SentEvidence } from '@assay/protocol';
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

/**
 * The last evidence of a host, its boot log in it again. Undefined when there is none.
 * @throws AssayError `message-…` for a row that is no evidence
 */
export async function lastEvidence(db: Db, host: string): Promise<HostEvidence | undefined> {
  const row = await db
    .selectFrom('evidence')
    .leftJoin('boot_logs', 'boot_logs.sha256', 'evidence.event_log_sha256')
    .leftJoin('enrolments', (join) =>
      join.onRef('enrolments.host', '=', 'evidence.host').onRef('enrolments.ak_name', '=', 'evidence.ak_name'),
    )
    .select(['evidence.received_at', 'evidence.nonce', 'evidence.ak_name', 'evidence.claimed'])
    .select(['boot_logs.log', 'enrolments.ak_public', 'enrolments.ek_certificate'])
    .where('evidence.host', '=', host)
    .executeTakeFirst();
  if (!row) return undefined;
  const { received_at, nonce, ak_name, claimed, log, ak_public, ek_certificate } = row;
  const sent = parse(SentEvidence, claimed, `evidence of ${host}`);
  return {
    host,
    received_at,
    nonce,
    ak_name,
    ...(ak_public !== null && { ak_public }),
    ...(ek_certificate !== null && { ek_certificate }),
    evidence: log === null ? sent : { ...sent, event_log: log },
  };
}
