// /v1/policies: what each pool asks of its hosts.
import { Change, type PolicyList, PolicyRequest, PoolName } from '@assay/protocol';
import { Type } from 'typebox';
import { applyPolicy, policyNotFound, removePolicy } from '../changes/policies.ts';
import { policiesInForce, policyVersions } from '../storage/policies.ts';
import { MaybeChange } from './change.ts';
import type { Resource } from './resource.ts';

const InPath = Type.Object({ pool: PoolName });

export const policies: Resource = (server, needs) => {
  const { db } = needs;
  server.route({
    method: 'GET',
    url: '/v1/policies',
    config: { access: 'read' },
    handler: async () => ({ policies: await policiesInForce(db) }) satisfies PolicyList,
  });
  server.route({
    method: 'GET',
    url: '/v1/policies/:pool',
    config: { access: 'read' },
    schema: { params: InPath },
    handler: async (request): Promise<PolicyList> => {
      const versions = await policyVersions(db, request.params.pool);
      if (versions.length === 0) throw policyNotFound(request.params.pool);
      return { policies: versions };
    },
  });
  server.route({
    method: 'POST',
    url: '/v1/policies',
    config: { access: 'write' },
    schema: { body: PolicyRequest },
    handler: (request) => applyPolicy(needs, request.body),
  });
  server.route({
    method: 'DELETE',
    url: '/v1/policies/:pool',
    config: { access: 'write' },
    schema: { params: InPath, body: MaybeChange, querystring: Change },
    handler: (request) => removePolicy(needs, request.params.pool, { ...request.query, ...request.body }),
  });
};
