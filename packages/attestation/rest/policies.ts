// /v1/policies: what each pool asks of its hosts.
import { policyFrom } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { type PolicyList, PolicyRequest } from '@assay/protocol';
import { keepPolicy, policiesInForce } from '../storage/policies.ts';
import { countUp } from '../storage/versions.ts';
import type { Resource } from './resource.ts';

export const policies: Resource = (server, { db, clock, lifetimeS, periodMs, switchboard }) => {
  server.route({
    method: 'GET',
    url: '/v1/policies',
    config: { access: 'blob' },
    handler: async () => ({ policies: await policiesInForce(db) }) satisfies PolicyList,
  });
  server.route({
    method: 'POST',
    url: '/v1/policies',
    config: { access: 'blob' },
    schema: { body: PolicyRequest },
    handler: async (request) => {
      const { document, by = 'somebody', because } = request.body;
      const { verdictLifetimeS } = policyFrom(document, { version: 1, lifetimeS });
      if (verdictLifetimeS * 1000 <= periodMs)
        throw new AssayError(
          'policy-value',
          `policy ${document.pool}: evidence.max_age`,
          `more than ${periodMs / 1000} s`,
          `${verdictLifetimeS} s`,
          {
            hint: 'hosts are asked once in [attestation_server] attestation_period; they would be unknown between two rounds',
          },
        );
      const kept = await db.transaction().execute(async (tx) => {
        const applied_at = clock.now().toISOString();
        const policy = await keepPolicy(tx, {
          pool: document.pool,
          document,
          applied_at,
          by,
          ...(because && { because }),
        });
        await countUp(tx, 'standards');
        return policy;
      });
      switchboard.attestAll();
      return { policy: kept };
    },
  });
};
