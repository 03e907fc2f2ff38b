// REST: why a host has the verdict it has.   GET /v1/hosts/{name}/explanation?pool=…, POST /v1/hosts/{name}/accept, GET /v1/hosts/{name}/history
import { type Static, Type } from 'typebox';
import { HostName, Instant, Sha256 } from '../bytes.ts';
import { ComponentName, PoolName } from '../policy.ts';
import { Finding, Verdict } from '../verdict.ts';
import { changeFields, Rehearsal } from './change.ts';
import { ReferenceValue } from './reference.ts';

/** One thing that differs from what is known good. */
export const Difference = Type.Object({
  component: ComponentName,
  /** `kernel image`, `IMA file`, … */
  claim: Type.String(),
  /** What is wrong, in one sentence. */
  text: Type.String(),
  finding: Finding,
  /** Of the boot log or of IMA's list: which event carries it. */
  event: Type.Optional(Type.Object({ index: Type.Integer(), pcr: Type.Integer(), type: Type.String() })),
  /** Of a file of IMA's list. */
  path: Type.Optional(Type.String()),
  /** Digest, with what it was where that is proven. */
  expected: Type.Optional(Type.String()),
  seen: Type.Optional(Type.String()),
  /** When this host last was good in it. */
  last_good: Type.Optional(Instant),
  /** Other hosts that show the same digest. */
  also_on: Type.Array(HostName),
  /** What known thing it resembles: `same kernel as linux-image 6.1.0-31, other command line: … debug`. */
  resembles: Type.Optional(Type.String()),
  /** The value it resembles, or of which it is, though retired. */
  value: Type.Optional(Type.String()),
});
export type Difference = Static<typeof Difference>;

export const Explanation = Type.Object({
  host: HostName,
  pool: PoolName,
  verdict: Verdict,
  /** In one sentence. */
  summary: Type.String(),
  differences: Type.Array(Difference),
  /** Findings that are no difference to known good, each with meaning and remedy. */
  findings: Type.Array(Type.Object({ finding: Finding, meaning: Type.String(), remedy: Type.String() })),
  /** Commands that would mend it, with what each does. */
  commands: Type.Array(Type.Object({ command: Type.String(), effect: Type.String() })),
});
export type Explanation = Static<typeof Explanation>;

/** POST /v1/hosts/{name}/accept: exactly what differs becomes known good. */
export const AcceptRequest = Type.Object({
  pool: Type.Optional(PoolName),
  /** A component, or a claim: `kernel`. */
  component: Type.String({ maxLength: 100 }),
  /** Only this file of IMA's list. */
  path: Type.Optional(Type.String({ maxLength: 4096 })),
  /** Ids of the values it has to come to, as a dry run showed them: 409 `accept-stale` when the host shows something else by now. */
  values: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  /** The evidence that was looked at: 409 `accept-stale` when there is another by now. */
  evidence_sha256: Type.Optional(Sha256),
  ...changeFields,
});
export type AcceptRequest = Static<typeof AcceptRequest>;
/** With `dry_run` what would be added. */
export const AcceptResult = Type.Object({
  added: Type.Array(ReferenceValue),
  /** Known already. */
  known: Type.Optional(Type.Array(ReferenceValue)),
  /** What it does to the fleet, this host among it. */
  rehearsal: Type.Optional(Rehearsal),
});
export type AcceptResult = Static<typeof AcceptResult>;

/** A change of verdict. */
export const HistoryEntry = Type.Object({
  pool: PoolName,
  round: Type.Integer(),
  at: Instant,
  /** When the last evidence that came to the same was verified; absent: no other verdict has followed. */
  until: Type.Optional(Instant),
  verdict: Verdict,
  /** Whether its evidence is still kept. */
  evidence: Type.Boolean(),
  /** With `?reappraise=1`: what this evidence comes to by the policy and the reference values of now. */
  now: Type.Optional(Verdict),
});
export type HistoryEntry = Static<typeof HistoryEntry>;
/** Newest first. */
export const HostHistory = Type.Object({ host: HostName, entries: Type.Array(HistoryEntry) });
export type HostHistory = Static<typeof HostHistory>;
