// What does the attestation server remember? One row type a table, as `migrations/` makes them.
// Points in time are RFC 3339 text in UTC; bytes are base64; digests and names lower-case hex; the rest JSON as text.
import type { Kysely } from 'kysely';

export type HostRow = {
  name: string;
  /** Another one after the host was removed and registered again: what began before must not end up in the new row. */
  registration: string;
  registered_at: string;
  /** SHA-256 of the only EK certificate this host may enrol with. */
  ek_pin: string | null;
  /** Number of the last challenge sent to this host: the order of its verdicts, which no clock can turn back. */
  last_round: number;
};

export type EnrolmentRow = {
  host: string;
  ek_sha256: string;
  /** TPM2B_NAME content of the EK: one TPM is one host, also with a certificate issued anew. */
  ek_name: string;
  ek_certificate: string;
  /** JSON: what appraisal found the endorsement to be. */
  endorsement: string;
  ak_name: string;
  /** TPMT_PUBLIC */
  ak_public: string;
  enrolled_at: string;
  /** JSON: EvidenceState after the last quote that verified (of an earlier version its `tpm` alone); absent before the first. */
  last_quote: string | null;
};

export type ChallengeRow = {
  id: string;
  host: string;
  ak_name: string;
  connection: string;
  nonce: string;
  round: number;
  issued_at: string;
  /** 1: no answer speaks against the host. 0: asked of somebody who only says to be it, while it is connected already. */
  counts: number;
};

export type VerdictRow = {
  host: string;
  round: number;
  /** JSON: Verdict */
  verdict: string;
  /** The machine's uptime when it was given, comparable under the same boot id only. */
  uptime_ms: number;
  boot_id: string;
};

export type EvidenceRow = {
  host: string;
  round: number;
  nonce: string;
  ak_name: string;
  /** JSON: SentEvidence, without the boot log. */
  claimed: string;
  received_at: string;
  /** Of the boot log, in `boot_logs`. These four are null in rows of an earlier version, whose boot log is in `claimed`. */
  event_log_sha256: string | null;
  /** JSON: the PCRs of the challenge. */
  wanted: string | null;
  /** JSON: EvidenceState before this round; null as well in the first after enrolment. */
  previous: string | null;
  /** Byte from which IMA's list was asked for. */
  ima_asked: number | null;
};

/** Boot logs that some host's evidence has. */
export type BootLogRow = {
  sha256: string;
  log: string;
};

export type ReferenceValueRow = {
  id: string;
  component: string;
  /** JSON: ReferenceEvent[] */
  events: string;
  source: string;
  added_at: string;
};

/** Counts changes, so that readers know when what they keep in memory is out of date. */
export type VersionRow = { subject: string; version: number };

export type Schema = {
  hosts: HostRow;
  enrolments: EnrolmentRow;
  challenges: ChallengeRow;
  verdicts: VerdictRow;
  evidence: EvidenceRow;
  boot_logs: BootLogRow;
  reference_values: ReferenceValueRow;
  versions: VersionRow;
};

/** The database, or a transaction in it. */
export type Db = Kysely<Schema>;
