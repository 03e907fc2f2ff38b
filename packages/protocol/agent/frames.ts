// The words between agent and attestation server: JSON text frames on the WebSocket `/v1/agent`.
// The agent opens the connection and says hello; from then on the server asks and the agent answers.
import { type Static, Type } from 'typebox';
import { AkName, Base64, HostName, Sha256 } from '../bytes.ts';
import { PcrWish, SentEvidence } from '../evidence.ts';
import { tagIndex, tagRecordBytes } from '../tag-record.ts';

const Id = Type.String({ pattern: '^[0-9a-f-]{36}$' });

/** First frame. `ak_name` is absent until the host has enrolled. */
export const Hello = Type.Object({
  type: Type.Literal('hello'),
  version: Type.Literal(1),
  host: HostName,
  agent: Type.String({ maxLength: 64 }),
  ak_name: Type.Optional(AkName),
  /** It knows what to do with `tag` frames; agents of before do not. */
  writes_tags: Type.Optional(Type.Boolean()),
});
export type Hello = Static<typeof Hello>;

/** The agent's side of enrolment: endorsement and the keys it vouches for. All claimed. */
export const Enrol = Type.Object({
  type: Type.Literal('enrol'),
  /** DER, from the TPM's NV. */
  ek_certificate: Base64(8192),
  /** DER, from NV index 0x01c00100 on: CAs between the certificate and a root. Only ever a hint, never an anchor. */
  ek_chain: Type.Optional(Type.Array(Base64(8192), { maxItems: 8 })),
  /** TPMT_PUBLIC */
  ek_public: Base64(2048),
  /** TPMT_PUBLIC */
  ak_public: Base64(2048),
});
export type Enrol = Static<typeof Enrol>;

/** The secret that only a TPM holding both EK and AK can have recovered (TPM2_ActivateCredential). */
export const Activated = Type.Object({ type: Type.Literal('activated'), secret: Base64(64) });
export type Activated = Static<typeof Activated>;

export const EvidenceFrame = Type.Object({ type: Type.Literal('evidence'), challenge: Id, evidence: SentEvidence });
export type EvidenceFrame = Static<typeof EvidenceFrame>;

const TagSerial = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** The record of this serial number is in the TPM. Claimed: what the TPM certifies counts. */
export const Tagged = Type.Object({ type: Type.Literal('tagged'), serial: TagSerial });
export type Tagged = Static<typeof Tagged>;

/** The agent could not do what it was asked: a code of its own and one line for a person. */
export const Failed = Type.Object({
  type: Type.Literal('failed'),
  challenge: Type.Optional(Id),
  /** It was a record of tags that could not be written: its serial number. */
  tag: Type.Optional(TagSerial),
  code: Type.String({ maxLength: 64 }),
  message: Type.String({ maxLength: 1024 }),
});
export type Failed = Static<typeof Failed>;

export const AgentFrame = Type.Union([Hello, Enrol, Activated, EvidenceFrame, Tagged, Failed]);
export type AgentFrame = Static<typeof AgentFrame>;

/** The server does not know this AK for this host: enrol. */
export const EnrolWanted = Type.Object({ type: Type.Literal('enrol-wanted') });
export type EnrolWanted = Static<typeof EnrolWanted>;

/** TPM2_MakeCredential's result for this EK and AK name (TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET contents). */
export const Credential = Type.Object({
  type: Type.Literal('credential'),
  credential_blob: Base64(512),
  secret: Base64(1024),
});
export type Credential = Static<typeof Credential>;

export const Enrolled = Type.Object({ type: Type.Literal('enrolled'), ak_name: Type.String({ maxLength: 100 }) });
export type Enrolled = Static<typeof Enrolled>;

/** Quote these PCRs over this nonce, now. Used at most once. */
export const Challenge = Type.Object({
  type: Type.Literal('challenge'),
  challenge: Id,
  /** 32 fresh random bytes: TPM2_Quote's qualifyingData. */
  nonce: Base64(64),
  pcrs: Type.Array(PcrWish, { minItems: 1, maxItems: 4 }),
  /** The server has the boot log of this SHA-256: a host whose log is still the same names it instead of sending it. */
  event_log_sha256: Type.Optional(Sha256),
  /** Send IMA's run-time list from this byte on, or all of it. Absent: it is not wanted. */
  ima_offset: Type.Optional(Type.Integer({ minimum: 0 })),
  /**
   * What the quote must show (TPMS_CLOCK_INFO) for `ima_offset` to count; else the list is sent from 0: what was read before the TPM
   * was reset or restarted is forgotten.
   */
  ima_since: Type.Optional(Type.Object({ reset_count: Type.Integer(), restart_count: Type.Integer() })),
  /** The host has asset tags: certify this NV index over the same nonce, from its first byte on, so many bytes. */
  nv: Type.Optional(Type.Object({ index: Type.Literal(tagIndex), size: Type.Literal(tagRecordBytes) })),
});
export type Challenge = Static<typeof Challenge>;

/** Put this record of asset tags into the TPM. Comes before a challenge that asks for it. */
export const Tag = Type.Object({ type: Type.Literal('tag'), serial: TagSerial, record: Base64(tagRecordBytes) });
export type Tag = Static<typeof Tag>;

/** What became of a round, for the agent's log. */
export const Result = Type.Object({
  type: Type.Literal('result'),
  challenge: Id,
  trust: Type.String(),
  reason: Type.String(),
});
export type Result = Static<typeof Result>;

/** The server will not go on with this connection. `retry` false: a person has to act first. */
export const Refused = Type.Object({
  type: Type.Literal('refused'),
  code: Type.String(),
  message: Type.String(),
  retry: Type.Boolean(),
});
export type Refused = Static<typeof Refused>;

export const ServerFrame = Type.Union([EnrolWanted, Credential, Enrolled, Tag, Challenge, Result, Refused]);
export type ServerFrame = Static<typeof ServerFrame>;
