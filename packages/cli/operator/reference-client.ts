// The attestation server's REST for the known-good database, as functions.
import { AssayError } from '@assay/core';
import {
  type Change,
  check,
  Journal,
  type LearnRequest,
  LearnResult,
  ReferenceChangeResult,
  ReferenceList,
  type ReferenceRequest,
  ReferenceSummary,
  type ReinstateRequest,
} from '@assay/protocol';
import type { AttestationClient } from './attestation-client.ts';
import { changeLimits, contentLimits } from './limits.ts';

/** @throws AssayError `cli-id`: a name would be no path of the server's */
function pathOf(id: string, act = ''): string {
  if (/^[0-9a-f]{1,64}$/.test(id)) return `/v1/reference/${id}${act}`;
  throw new AssayError('cli-id', 'reference value', 'its id, or how that begins', id, { hint: 'assay reference list' });
}

/** @throws AssayError what the server says, `message-schema` when its answer is not one */
export const referenceOf = (client: AttestationClient) => {
  const change = async (method: string, path: string, body: Change) =>
    check(ReferenceChangeResult, await client.ask(method, path, body, changeLimits), 'reference');
  return {
    list: async () => check(ReferenceList, await client.ask('GET', '/v1/reference'), 'reference').values,
    /** With contents: as an export has them. */
    all: async () =>
      check(ReferenceList, await client.ask('GET', '/v1/reference?content=1', undefined, contentLimits), 'reference')
        .values,
    /** @param id or the beginning of one, when only one value's id begins so */
    one: async (id: string) =>
      check(ReferenceSummary, await client.ask('GET', pathOf(id), undefined, contentLimits), 'reference'),
    learn: async (request: LearnRequest) =>
      check(LearnResult, await client.ask('POST', '/v1/reference/learn', request, changeLimits), 'learn'),
    add: async (request: ReferenceRequest) =>
      check(LearnResult, await client.ask('POST', '/v1/reference', request, changeLimits), 'reference'),
    retire: (id: string, body: Change) => change('POST', pathOf(id, '/retire'), body),
    reinstate: (id: string, body: ReinstateRequest) => change('POST', pathOf(id, '/reinstate'), body),
    promote: (id: string, body: Change) => change('POST', pathOf(id, '/promote'), body),
    remove: (id: string, body: Change) => change('DELETE', pathOf(id), body),
  };
};

/** What was changed, the newest first. */
export const journalOf = (client: AttestationClient) => ({
  entries: async (about: { subject?: string; action?: string }) => {
    const query = new URLSearchParams(about);
    return check(Journal, await client.ask('GET', `/v1/journal?${query}`), 'journal').entries;
  },
});
