// The attestation server's REST for the known-good database, as functions.
import { AssayError } from '@assay/core';
import {
  check,
  Journal,
  type LearnRequest,
  LearnResult,
  type ReferenceChangeRequest,
  ReferenceChangeResult,
  ReferenceList,
  type ReferenceRequest,
  ReferenceSummary,
  type ReinstateRequest,
} from '@assay/protocol';
import type { AttestationClient } from './attestation-client.ts';
import { changeLimits, contentLimits } from './limits.ts';

const pathOf = (id: string) => `/v1/reference/${idOf(id)}`;

/** @param fewest digits: what is changed has to be meant @throws AssayError `cli-id`: a name would be no path of the server's */
export function idOf(id: string, fewest = 1): string {
  if (/^[0-9a-f]{1,64}$/.test(id) && id.length >= fewest) return id;
  const expected =
    fewest > 1 ? `its id, or at least ${fewest} characters of how that begins` : 'its id, or how that begins';
  throw new AssayError('cli-id', 'reference value', expected, id, { hint: 'assay reference list' });
}

const fewestToChange = 6;

/** @throws AssayError what the server says, `message-schema` when its answer is not one */
export const referenceOf = (client: AttestationClient) => {
  /** All of them, or none. */
  const change = async (act: string, { ids, ...body }: ReinstateRequest) => {
    const request = { ids: ids.map((id) => idOf(id, fewestToChange)), ...body };
    const answer = await client.ask('POST', `/v1/reference/${act}`, request, changeLimits);
    return check(ReferenceChangeResult, answer, 'reference');
  };
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
    retire: (request: ReferenceChangeRequest) => change('retire', request),
    reinstate: (request: ReinstateRequest) => change('reinstate', request),
    promote: (request: ReferenceChangeRequest) => change('promote', request),
    remove: (request: ReferenceChangeRequest) => change('remove', request),
  };
};

/** What was changed, the newest first. */
export const journalOf = (client: AttestationClient) => ({
  entries: async (about: { subject?: string; subject_begins?: string; action?: string }) => {
    const query = new URLSearchParams(about);
    return check(Journal, await client.ask('GET', `/v1/journal?${query}`), 'journal').entries;
  },
});
