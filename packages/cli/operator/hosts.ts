// The attestation server's REST for hosts, as functions.
import {
  type AcceptRequest,
  AcceptResult,
  type AliasesRequest,
  check,
  Explanation,
  Host,
  HostEvidence,
  HostHistory,
  HostList,
  type HostRegistration,
  type LabelsRequest,
  type TagsRequest,
} from '@assay/protocol';
import type { AttestationClient } from './attestation-client.ts';
import { changeLimits, contentLimits } from './limits.ts';

const pathOf = (name: string, what = '') => `/v1/hosts/${encodeURIComponent(name)}${what}`;
const checkHost = (value: unknown) => check(Host, value, 'host');
const queryOf = (fields: Record<string, string | undefined>): string => {
  const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
};

/** @throws AssayError what the server says, `message-schema` when its answer is not one */
export const hostsOf = (client: AttestationClient) => ({
  list: async () => check(HostList, await client.ask('GET', '/v1/hosts'), 'hosts').hosts,
  one: async (name: string) => checkHost(await client.ask('GET', pathOf(name))),
  register: async (registration: HostRegistration) => {
    await client.ask('POST', '/v1/hosts', registration);
  },
  evidence: async (name: string) =>
    check(HostEvidence, await client.ask('GET', pathOf(name, '/evidence'), undefined, contentLimits), 'evidence'),
  attest: async (name: string) => checkHost(await client.ask('POST', pathOf(name, '/attest'))),
  /** These and no others. */
  alias: async (name: string, request: AliasesRequest) =>
    checkHost(await client.ask('PUT', pathOf(name, '/aliases'), request)),
  label: async (name: string, request: LabelsRequest) =>
    checkHost(await client.ask('PUT', pathOf(name, '/labels'), request, changeLimits)),
  /** These and no others; a connected host is asked for them before this answers. */
  tag: async (name: string, request: TagsRequest) =>
    checkHost(await client.ask('PUT', pathOf(name, '/tags'), request, changeLimits)),
  explain: async (name: string, pool?: string) =>
    check(
      Explanation,
      await client.ask('GET', pathOf(name, `/explanation${queryOf({ pool })}`), undefined, contentLimits),
      'explanation',
    ),
  accept: async (name: string, request: AcceptRequest) =>
    check(AcceptResult, await client.ask('POST', pathOf(name, '/accept'), request, changeLimits), 'accept'),
  history: async (name: string, { pool, reappraise }: { pool?: string; reappraise?: boolean } = {}) =>
    check(
      HostHistory,
      await client.ask(
        'GET',
        pathOf(name, `/history${queryOf({ pool, reappraise: reappraise ? '1' : undefined })}`),
        undefined,
        contentLimits,
      ),
      'history',
    ),
  remove: async (name: string) => {
    await client.ask('DELETE', pathOf(name));
  },
});
