// /v1/reference: what is known good, and learning it from a golden host.
import { LearnRequest, type ReferenceList, type ReferenceSummary, type ReferenceValue } from '@assay/protocol';
import { learn } from '../reference/learn.ts';
import { readReferenceValues } from '../storage/reference-values.ts';
import type { Resource } from './resource.ts';

export const reference: Resource = (server, needs) => {
  server.route({
    method: 'GET',
    url: '/v1/reference',
    config: { access: 'blob' },
    handler: async () => ({ values: (await readReferenceValues(needs.db)).map(summaryOf) }) satisfies ReferenceList,
  });
  server.route({
    method: 'POST',
    url: '/v1/reference/learn',
    config: { access: 'blob' },
    schema: { body: LearnRequest },
    handler: async (request) => {
      needs.registry.requireRegistered(request.body.host);
      return await learn(needs, request.body);
    },
  });
};

function summaryOf({ content, ...value }: ReferenceValue): ReferenceSummary {
  const counted = { sequence: 'events', measurements: 'measurements', 'pcr-values': 'values', files: 'files' } as const;
  const list = (content as Record<string, unknown>)[counted[content.form]];
  return { ...value, form: content.form, count: Array.isArray(list) ? list.length : 0, hosts: [] };
}
