// Policies changed: the next version of a pool's, or none any more.
import { isDeepStrictEqual } from 'node:util';
import { policyFrom } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Change, PolicyDocument, PolicyRequest, PolicyResult, PolicyVersion } from '@assay/protocol';
import { keepPolicy, policiesInForce } from '../storage/policies.ts';
import { applyChange, type Plan } from './apply.ts';
import type { ChangeNeeds } from './needs.ts';

export type PolicyNeeds = ChangeNeeds & { periodMs: number };

/**
 * The same document again is no change.
 * @throws AssayError `policy-value`, `policy-brake`, `change-…`
 */
export async function applyPolicy(needs: PolicyNeeds, { document, ...change }: PolicyRequest): Promise<PolicyResult> {
  const { pool } = document;
  const { verdictLifetimeS } = policyFrom(document, { version: 1, lifetimeS: needs.lifetimeS });
  if (verdictLifetimeS * 1000 <= needs.periodMs)
    throw new AssayError(
      'policy-value',
      `policy ${pool}: evidence.max_age`,
      `more than ${needs.periodMs / 1000} s`,
      `${verdictLifetimeS} s`,
      {
        hint: 'hosts are asked once in [attestation_server] attestation_period; they would be unknown between two rounds',
      },
    );
  return await changed(needs, change, pool, (before) =>
    isDeepStrictEqual(before?.document, document) ? undefined : { document, action: 'policy-apply', text: 'applied' },
  );
}

/** @throws AssayError `policy-not-found`, `policy-brake`, `change-…` */
export async function removePolicy(needs: PolicyNeeds, pool: string, change: Change): Promise<PolicyResult> {
  return await changed(needs, change, pool, (before) => {
    if (!before) throw policyNotFound(pool);
    return { document: null, action: 'policy-remove', text: 'removed' };
  });
}

export const policyNotFound = (pool: string): AssayError =>
  new AssayError('policy-not-found', `policy ${pool}`, 'a pool with a policy', 'none of that name');

type Step = { document: PolicyDocument | null; action: string; text: string };

async function changed(
  needs: ChangeNeeds,
  change: Change,
  pool: string,
  stepOf: (before: PolicyVersion | undefined) => Step | undefined,
): Promise<PolicyResult> {
  const { db, lifetimeS } = needs;
  const subject = { kind: 'policy', where: `policy ${pool}` } as const;
  const { result: policy, rehearsal } = await applyChange<PolicyVersion | undefined>(
    needs,
    change,
    subject,
    async ({ knownGood, policies }): Promise<Plan<PolicyVersion | undefined>> => {
      const before = (await policiesInForce(db)).find((one) => one.pool === pool);
      const step = stepOf(before);
      const next = new Map(policies);
      const version = (before?.version ?? 0) + 1;
      if (step?.document) next.set(pool, policyFrom(step.document, { version, lifetimeS }));
      else if (step) next.delete(pool);
      const { by = 'somebody', because } = change;
      return {
        next: step && { knownGood, policies: next },
        unchanged: before,
        lines: step ? [{ action: step.action, subject: pool, text: `policy of pool ${pool} ${step.text}` }] : [],
        write: async (tx, at) =>
          await keepPolicy(tx, {
            ...{ pool, document: step?.document ?? null, applied_at: at.toISOString(), by },
            ...(because && { because }),
          }),
      };
    },
  );
  return { ...(policy && { policy }), rehearsal };
}
