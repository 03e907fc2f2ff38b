// The attestation server's REST for hosts and reference values, as functions.
import {
  check,
  Host,
  HostEvidence,
  HostList,
  LearnResult,
  type PolicyDocument,
  PolicyList,
  ReferenceList,
} from '@assay/protocol';
import type { AttestationClient } from './attestation-client.ts';

const pathOf = (name: string) => `/v1/hosts/${encodeURIComponent(name)}`;
const checkHost = (value: unknown) => check(Host, value, 'host');

/** @throws AssayError what the server says, `message-schema` when its answer is not one */
export const hostsOf = (client: AttestationClient) => ({
  list: async () => check(HostList, await client.ask('GET', '/v1/hosts'), 'hosts').hosts,
  one: async (name: string) => checkHost(await client.ask('GET', pathOf(name))),
  register: async (name: string, ekSha256?: string) => {
    await client.ask('POST', '/v1/hosts', { name, ...(ekSha256 !== undefined && { ek_sha256: ekSha256 }) });
  },
  evidence: async (name: string) =>
    check(HostEvidence, await client.ask('GET', `${pathOf(name)}/evidence`), 'evidence'),
  attest: async (name: string) => checkHost(await client.ask('POST', `${pathOf(name)}/attest`)),
  remove: async (name: string) => {
    await client.ask('DELETE', pathOf(name));
  },
});

export const referenceOf = (client: AttestationClient) => ({
  learn: async (host: string, dryRun = false) =>
    check(
      LearnResult,
      await client.ask('POST', '/v1/reference/learn', { host, ...(dryRun && { dry_run: true }) }),
      'learn',
    ),
  list: async () => check(ReferenceList, await client.ask('GET', '/v1/reference'), 'reference').values,
});

export const policiesOf = (client: AttestationClient) => ({
  list: async () => check(PolicyList, await client.ask('GET', '/v1/policies'), 'policies').policies,
  apply: async (document: PolicyDocument, because: string) => {
    await client.ask('POST', '/v1/policies', { document, because });
  },
});
