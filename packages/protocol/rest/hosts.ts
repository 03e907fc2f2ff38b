// REST: hosts and their verdicts.   /v1/hosts …
import { type Static, Type } from 'typebox';
import { AkName, Base64, HostName, Instant, Sha256 } from '../bytes.ts';
import { SentEvidence } from '../evidence.ts';
import { Labels, PoolName } from '../policy.ts';
import { Tags } from '../tags.ts';
import { Verdict } from '../verdict.ts';
import { changeFields } from './change.ts';

/** Another name by which a host is asked for: short, with its domain, an address. Letters count in either case. */
export const HostAlias = Type.String({
  pattern: '^[!-+\\--~]{1,253}$',
  title: 'a name of at most 253 printable ASCII characters, without blanks and commas',
});
const Aliases = Type.Array(HostAlias, { maxItems: 32 });

/** POST /v1/hosts: only registered hosts may enrol. `ek_sha256` (hex, of the certificate's DER) pins the TPM. */
export const HostRegistration = Type.Object({
  name: HostName,
  ek_sha256: Type.Optional(Sha256),
  labels: Type.Optional(Labels),
  aliases: Type.Optional(Aliases),
});
export type HostRegistration = Static<typeof HostRegistration>;

/** Asset tags as an operator wrote them, and how far the host's TPM bears them out. What counts is `tags` of a verdict. */
export const HostTags = Type.Object({
  tags: Tags,
  /** Of the record that has to be in the TPM. */
  serial: Type.Integer(),
  written_at: Instant,
  /** `pending`: never seen in the TPM so far. `refused`: was seen there, and is not any more, or the host is not heard. */
  state: Type.Union([Type.Literal('certified'), Type.Literal('pending'), Type.Literal('refused')]),
  /** What stands in the way. */
  problem: Type.Optional(Type.String()),
});
export type HostTags = Static<typeof HostTags>;

export const Host = Type.Object({
  name: HostName,
  registered_at: Instant,
  enrolled_at: Type.Optional(Instant),
  ek_sha256: Type.Optional(Type.String()),
  ak_name: Type.Optional(Type.String()),
  labels: Labels,
  /** Other names it is asked for by, in lower case; absent: none. */
  aliases: Type.Optional(Aliases),
  /** Absent: it has no asset tags. */
  tags: Type.Optional(HostTags),
  /** Pools it is in. */
  pools: Type.Array(PoolName),
  connected: Type.Boolean(),
  /** In the default pool, as valid now: past its expiry it reads `unknown`. */
  verdict: Verdict,
  /** In its other pools. */
  verdicts: Type.Array(Verdict),
  /** Milliseconds since `verified_at`. */
  age_ms: Type.Number(),
});
export type Host = Static<typeof Host>;

/** PUT /v1/hosts/{name}/labels: these and no others. Answers with the host, its verdicts in the pools it is in now. */
export const LabelsRequest = Type.Object({
  labels: Labels,
  /** What they were when whoever asks looked: with other ones by now nothing is changed. */
  before: Type.Optional(Labels),
  by: changeFields.by,
  because: changeFields.because,
});
export type LabelsRequest = Static<typeof LabelsRequest>;

/** PUT /v1/hosts/{name}/tags: these and no others, with a new serial number. Answers when a connected host has been asked for them. */
export const TagsRequest = Type.Object({
  tags: Tags,
  /** What they were when whoever asks looked: with other ones by now nothing is changed. */
  before: Type.Optional(Tags),
  by: changeFields.by,
  because: changeFields.because,
});
export type TagsRequest = Static<typeof TagsRequest>;

/** PUT /v1/hosts/{name}/aliases: these and no others; 409 for a name of another host. */
export const AliasesRequest = Type.Object({
  aliases: Aliases,
  /** What they were when whoever asks looked: with other ones by now nothing is changed. */
  before: Type.Optional(Aliases),
});
export type AliasesRequest = Static<typeof AliasesRequest>;

/** GET /v1/hosts */
export const HostList = Type.Object({ hosts: Type.Array(Host) });
export type HostList = Static<typeof HostList>;

/** GET /v1/hosts/{name}/evidence: what the host answered last, as it came. That it was authentic, the verdict says. */
export const HostEvidence = Type.Object({
  host: HostName,
  received_at: Instant,
  /** Of the challenge it answers. */
  nonce: Base64(64),
  /** The key that was asked for a quote. */
  ak_name: AkName,
  /** TPMT_PUBLIC of that key; absent when the host was enrolled with another one since. */
  ak_public: Type.Optional(Base64(2048)),
  /** DER. Absent likewise. */
  ek_certificate: Type.Optional(Base64(8192)),
  /** With its boot log, also where the host had left it out. Of IMA's list the part that this round brought: `offset` says from where. */
  evidence: SentEvidence,
});
export type HostEvidence = Static<typeof HostEvidence>;
