// OpenAttestation's PollHosts: the question Nova's TrustedFilter asks. Unknown properties are ignored, as OAT 2 did.
import { type Static, Type } from 'typebox';
import { Instant } from '../bytes.ts';
import { PoolName } from '../policy.ts';
import { Tags } from '../tags.ts';
import { Trust } from '../verdict.ts';

/** Folsom sent one host as a bare string, every later release an array; `count` never matters. */
export const PollHostsRequest = Type.Object({
  hosts: Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 100_000 })]),
  /** Ours: the pool that is asked about; absent: the default one. */
  pool: Type.Optional(PoolName),
  /** Milliseconds, as a number or as text: hosts whose evidence is older are challenged now. Absent, null or negative: none is. */
  timeThreshold: Type.Optional(Type.Unknown()),
  /** Ours: milliseconds they have for it; absent, null or negative: the server's own. */
  deadline: Type.Optional(Type.Unknown()),
});
export type PollHostsRequest = Static<typeof PollHostsRequest>;

export const PollHostsEntry = Type.Object({
  /** Exactly as asked. */
  host_name: Type.String(),
  trust_lvl: Trust,
  /** Time of verification, never in the future. */
  vtime: Type.String(),
  /** Ours: from this instant on the answer must not be used. */
  expires: Instant,
  /** Ours: age of the evidence behind the answer when it was given. */
  age_ms: Type.Number({ minimum: 0 }),
  /** Ours: why the host is not trusted; absent for one that is. */
  reason: Type.Optional(Type.String()),
  /** Ours: asset tags that the host's TPM certified; absent: none. */
  tags: Type.Optional(Tags),
});
export type PollHostsEntry = Static<typeof PollHostsEntry>;

export const PollHostsAnswer = Type.Object({ hosts: Type.Array(PollHostsEntry) });
export type PollHostsAnswer = Static<typeof PollHostsAnswer>;
