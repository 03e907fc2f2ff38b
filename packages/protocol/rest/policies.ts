// REST: policies.   GET /v1/policies, GET /v1/policies/{pool}, POST /v1/policies, DELETE /v1/policies/{pool}
import { type Static, Type } from 'typebox';
import { PolicyDocument, PolicyVersion } from '../policy.ts';
import { changeFields, Rehearsal } from './change.ts';

/** POST /v1/policies: applies a policy as the next version of its pool's. 409 `policy-brake` when too many hosts would lose trust. */
export const PolicyRequest = Type.Object({ document: PolicyDocument, ...changeFields });
export type PolicyRequest = Static<typeof PolicyRequest>;

export const PolicyResult = Type.Object({
  /** What is in force now; with `dry_run` what was before. Absent: none. */
  policy: Type.Optional(PolicyVersion),
  rehearsal: Rehearsal,
});
export type PolicyResult = Static<typeof PolicyResult>;

/** GET /v1/policies: the one in force of each pool. GET /v1/policies/{pool}: every version, the newest first. */
export const PolicyList = Type.Object({ policies: Type.Array(PolicyVersion) });
export type PolicyList = Static<typeof PolicyList>;
