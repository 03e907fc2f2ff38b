// The attestation server's REST for policies and the brake, as functions.
import { Brake, type Change, check, PolicyList, type PolicyRequest, PolicyResult } from '@assay/protocol';
import type { AttestationClient } from './attestation-client.ts';
import { changeLimits } from './limits.ts';

const pathOf = (pool: string) => `/v1/policies/${encodeURIComponent(pool)}`;

/** @throws AssayError what the server says, `message-schema` when its answer is not one */
export const policiesOf = (client: AttestationClient) => ({
  /** Those in force. */
  list: async () => check(PolicyList, await client.ask('GET', '/v1/policies'), 'policies').policies,
  /** Every version of a pool's, the newest first. */
  versions: async (pool: string) => check(PolicyList, await client.ask('GET', pathOf(pool)), 'policies').policies,
  apply: async (request: PolicyRequest) =>
    check(PolicyResult, await client.ask('POST', '/v1/policies', request, changeLimits), 'policy'),
  remove: async (pool: string, change: Change) =>
    check(PolicyResult, await client.ask('DELETE', pathOf(pool), change, changeLimits), 'policy'),
});

export const brakeOf = (client: AttestationClient) => ({
  show: async () => check(Brake, await client.ask('GET', '/v1/brake'), 'brake'),
  release: async (change: Pick<Change, 'by' | 'because'>) =>
    check(Brake, await client.ask('DELETE', '/v1/brake', change), 'brake'),
});
