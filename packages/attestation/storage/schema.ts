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
  /** JSON: Labels */
  labels: string;
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

/** The current verdict of each host in each pool it is in. */
export type VerdictRow = {
  host: string;
  pool: string;
  round: number;
  /** Of what is known good and of the policies: of two verdicts on one round the one with the higher is the current one. */
  revision: number;
  /** JSON: Verdict */
  verdict: string;
  /** What makes it another verdict than the one before: see `gistOf`. Empty in rows of an earlier version. */
  gist: string;
  /** The machine's uptime when it was given, comparable under the same boot id only. */
  uptime_ms: number;
  boot_id: string;
  /** JSON: what is remembered of the files IMA measured, as appraisal left it. */
  files: string | null;
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
  /** JSON: the asset tags that had to be in its TPM in this round; null: none. */
  tags: string | null;
};

/** Boot logs that some host's evidence has. */
export type BootLogRow = {
  sha256: string;
  log: string;
};

export type ReferenceValueRow = {
  id: string;
  component: string;
  vendor: string | null;
  name: string | null;
  version: string | null;
  /** JSON: ReferenceContent */
  content: string;
  state: string;
  from: string | null;
  until: string | null;
  /** JSON: ids */
  replaces: string | null;
  /** JSON: ReferenceSource */
  source: string;
  by: string;
  because: string | null;
  added_at: string;
  retired_at: string | null;
  retired_because: string | null;
};

export type PolicyRow = {
  pool: string;
  version: number;
  /** JSON: PolicyDocument; null: with this version the policy was removed. */
  document: string | null;
  applied_at: string;
  by: string;
  because: string | null;
};

export type JournalRow = {
  /** From 1, in the order things were done. */
  seq: number;
  at: string;
  by: string;
  action: string;
  subject: string;
  text: string;
  because: string | null;
};

/** Every change of verdict. */
export type VerdictHistoryRow = {
  host: string;
  pool: string;
  round: number;
  revision: number;
  at: string;
  /** When the last evidence of this run of equal verdicts was verified; null: it goes on. */
  until: string | null;
  /** Base64 of deflated JSON: Verdict */
  verdict: string;
};

/** The evidence behind them. */
export type EvidenceHistoryRow = {
  host: string;
  round: number;
  received_at: string;
  /** Of the boot log, in `boot_logs`. */
  event_log_sha256: string | null;
  /** Base64 of deflated JSON: KeptEvidence without its boot log and what stands beside it. */
  body: string;
};

/** IMA's list of each host's present boot, as far as it was read, in the pieces it came in. */
export type ImaPartRow = {
  host: string;
  offset: number;
  length: number;
  /** Base64 of the deflated bytes. */
  data: string;
};

/** Counts changes, so that readers know when what they keep in memory is out of date. */
export type VersionRow = { subject: string; version: number };

export type OatOemRow = { name: string; description: string | null };

export type OatOsRow = {
  name: string;
  version: string;
  /** Name and version as the vendor of a reference value has them; of one OS only. */
  vendor: string;
  description: string | null;
};

/** A measured launch environment as OAT names it; its white list is reference values of the same vendor, name and version. */
export type OatMleRow = {
  /** BIOS or VMM */
  type: string;
  name: string;
  version: string;
  /** The OEM's name, or the OS's vendor. */
  vendor: string;
  /** Of a BIOS. */
  oem: string | null;
  /** These two of a VMM. */
  os: string | null;
  os_version: string | null;
  attestation_type: string;
  description: string | null;
  /** The host its white list came from. */
  source_host: string | null;
};

/** What a host was registered with through the OAT API: shown again, decides nothing. */
export type OatHostRow = { host: string; port: number | null } & Record<OatHostText, string | null>;
type OatHostText =
  | 'ip_address'
  | 'bios_name'
  | 'bios_version'
  | 'bios_oem'
  | 'vmm_name'
  | 'vmm_version'
  | 'vmm_os_name'
  | 'vmm_os_version'
  | 'email'
  | 'description'
  | 'addon_connection_string'
  | 'location'
  | 'aik_certificate';

/** Other names of hosts, folded to lower case: one is of one host. */
export type HostAliasRow = { alias: string; host: string };

/** Asset tags of a host as an operator wrote them last; without a row, or without tags in it, it has none. */
export type HostTagsRow = {
  host: string;
  /** JSON: Tags */
  tags: string;
  /** Of the record that has to be in its TPM: higher with each writing. */
  serial: number;
  written_at: string;
  /** When the TPM certified this record for the first time. */
  certified_at: string | null;
  /** Why the agent could not write it. */
  problem: string | null;
};

export type Schema = {
  hosts: HostRow;
  enrolments: EnrolmentRow;
  challenges: ChallengeRow;
  verdicts: VerdictRow;
  evidence: EvidenceRow;
  boot_logs: BootLogRow;
  reference_values: ReferenceValueRow;
  policies: PolicyRow;
  journal: JournalRow;
  verdict_history: VerdictHistoryRow;
  evidence_history: EvidenceHistoryRow;
  ima_parts: ImaPartRow;
  versions: VersionRow;
  oat_oems: OatOemRow;
  oat_oses: OatOsRow;
  oat_mles: OatMleRow;
  oat_hosts: OatHostRow;
  host_aliases: HostAliasRow;
  host_tags: HostTagsRow;
};

/** The database, or a transaction in it. */
export type Db = Kysely<Schema>;
