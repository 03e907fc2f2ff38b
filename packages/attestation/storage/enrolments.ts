// Which TPM speaks for a host, and with which key? One TPM per host and one host per TPM, held by unique columns.
import type { EvidenceState } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { sql } from 'kysely';
import type { Db, EnrolmentRow } from './schema.ts';

export async function findEnrolment(db: Db, host: string): Promise<EnrolmentRow | undefined> {
  return await db.selectFrom('enrolments').selectAll().where('host', '=', host).executeTakeFirst();
}

/** An enrolment, and the SHA-256 of the boot log that is kept of this host. */
export type Enrolled = EnrolmentRow & { kept_log: string | null };

export async function findEnrolled(db: Db, host: string): Promise<Enrolled | undefined> {
  // Written as SQL because every round asks: the query builder takes longer than SQLite.
  const { rows } = await sql<Enrolled>`
    select enrolments.*, evidence.event_log_sha256 as kept_log
    from enrolments left join evidence on evidence.host = enrolments.host
    where enrolments.host = ${host}`.execute(db);
  return rows[0];
}

/** An enrolment that was proved, and the registration it was begun under. */
export type ProvedEnrolment = Omit<EnrolmentRow, 'last_quote'> & { registration: string };

/**
 * What stands in the way of this TPM speaking for this host, as the tables are now.
 * @throws AssayError `enrol-host-unknown` (not registered, or removed meanwhile), `enrol-ek-pin`, `enrol-host-taken`
 * (another TPM is enrolled for it), `enrol-ek-taken` (this TPM is enrolled for another host)
 */
export async function checkFree(
  db: Db,
  { host, ek_sha256, ek_name }: Pick<EnrolmentRow, 'host' | 'ek_sha256' | 'ek_name'>,
): Promise<{ registration: string }> {
  const registered = await db.selectFrom('hosts').selectAll().where('name', '=', host).executeTakeFirst();
  if (!registered) throw hostUnknown(host);
  if (registered.ek_pin !== null && registered.ek_pin !== ek_sha256)
    throw new AssayError(
      'enrol-ek-pin',
      `host ${host}`,
      `the EK certificate it was registered with (SHA-256 ${registered.ek_pin})`,
      ek_sha256,
    );
  const taken = await db
    .selectFrom('enrolments')
    .select(['host', 'ek_name', 'ek_sha256'])
    .where((is) => is.or([is('host', '=', host), is('ek_name', '=', ek_name), is('ek_sha256', '=', ek_sha256)]))
    .execute();
  for (const other of taken) {
    if (other.host !== host)
      throw new AssayError('enrol-ek-taken', `host ${host}`, 'a TPM of its own', `the TPM of host ${other.host}`);
    if (other.ek_name !== ek_name)
      throw new AssayError('enrol-host-taken', `host ${host}`, 'the TPM enrolled for it', `another (EK ${ek_sha256})`, {
        hint: `if its TPM was replaced: assay host remove ${host}, then register it again`,
      });
  }
  return { registration: registered.registration };
}

/**
 * Keeps an enrolment; the same TPM's earlier one is replaced, its key with it. Run it in a transaction.
 * @throws AssayError as `checkFree`: of two enrolments at the same time one wins
 */
export async function keepEnrolment(db: Db, { registration, ...row }: ProvedEnrolment): Promise<void> {
  const free = await checkFree(db, row);
  if (free.registration !== registration) throw hostUnknown(row.host);
  const { host, ...fields } = row;
  const kept = await db
    .insertInto('enrolments')
    .values({ ...row, last_quote: null })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(fields).where('enrolments.ek_name', '=', row.ek_name))
    .returning('host')
    .executeTakeFirst();
  if (!kept) throw new AssayError('enrol-host-taken', `host ${host}`, 'the TPM enrolled for it', 'another');
}

/** What the last evidence left behind. A row of an earlier version has the TPM's state alone. */
export function stateOf({ last_quote }: Pick<EnrolmentRow, 'last_quote'>): EvidenceState | undefined {
  if (last_quote === null) return undefined;
  const stored = JSON.parse(last_quote) as EvidenceState | EvidenceState['tpm'];
  return 'tpm' in stored ? stored : { tpm: stored };
}

/** What the last round left behind: from here the next one goes on. */
export type LeftBehind = {
  state: EvidenceState | undefined;
  /** SHA-256 of the boot log that is kept of this host. */
  bootLog: string | undefined;
};

export async function leftBehind(db: Db, host: string): Promise<LeftBehind> {
  // Written as SQL, as above.
  const { rows } = await sql<Pick<EnrolmentRow, 'last_quote'> & { event_log_sha256: string | null }>`
    select enrolments.last_quote, evidence.event_log_sha256
    from enrolments left join evidence on evidence.host = enrolments.host
    where enrolments.host = ${host}`.execute(db);
  const [row] = rows;
  return { state: row && stateOf(row), bootLog: row?.event_log_sha256 ?? undefined };
}

export async function keepState(db: Db, host: string, akName: string, state: EvidenceState): Promise<void> {
  await db
    .updateTable('enrolments')
    .set({ last_quote: JSON.stringify(state) })
    .where('host', '=', host)
    .where('ak_name', '=', akName)
    .execute();
}

export function hostUnknown(host: string): AssayError {
  return new AssayError('enrol-host-unknown', `host ${host}`, 'a registered host', 'one that is not', {
    hint: `on the server: assay host register ${host}`,
  });
}
