// /v1/reference: what is known good, was, or will be; and whatever changes it.
import {
  LearnRequest,
  ReferenceChangeRequest,
  type ReferenceChangeResult,
  type ReferenceList,
  ReferenceRequest,
  type ReferenceSummary,
  type ReferenceValue,
  ReinstateRequest,
} from '@assay/protocol';
import { Type } from 'typebox';
import type { Applied } from '../changes/apply.ts';
import { findValue } from '../changes/life.ts';
import { addValues, promoteValues, reinstateValues, removeValues, retireValues } from '../changes/reference.ts';
import { type Users, usersOf } from '../changes/users.ts';
import { learn } from '../reference/learn.ts';
import type { Resource, RestNeeds } from './resource.ts';

/** The beginning of an id is enough when no other begins so. */
const InPath = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{1,64}$', title: 'the id of a value, or how it begins' }),
});
const ListQuery = Type.Object({ content: Type.Optional(Type.Boolean()) });
/** Allow lists are long: 200,000 files with their digests. */
const bodyLimit = 64 * 1024 * 1024;

export const reference: Resource = (server, needs) => {
  const values = async () => (await needs.standards(needs.db)).knownGood.values;
  server.route({
    method: 'GET',
    url: '/v1/reference',
    config: { access: 'read' },
    schema: { querystring: ListQuery },
    handler: async (request): Promise<ReferenceList> => {
      const users = await usersOf(needs);
      const { content: withContent = false } = request.query;
      return { values: (await values()).map((value) => summaryOf(value, users, withContent)) };
    },
  });
  server.route({
    method: 'GET',
    url: '/v1/reference/:id',
    config: { access: 'read' },
    schema: { params: InPath },
    handler: async (request) => summaryOf(findValue(await values(), request.params.id), await usersOf(needs), true),
  });
  server.route({
    method: 'POST',
    url: '/v1/reference',
    bodyLimit,
    config: { access: 'write' },
    schema: { body: ReferenceRequest },
    handler: (request) => addValues(needs, request.body.values, request.body),
  });
  server.route({
    method: 'POST',
    url: '/v1/reference/learn',
    config: { access: 'write' },
    schema: { body: LearnRequest },
    handler: async (request) => {
      needs.registry.requireRegistered(request.body.host);
      return await learn(needs, request.body);
    },
  });
  server.route({
    method: 'POST',
    url: '/v1/reference/retire',
    config: { access: 'write' },
    schema: { body: ReferenceChangeRequest },
    handler: async ({ body: { ids, ...change } }) => told(needs, await retireValues(needs, ids, change)),
  });
  server.route({
    method: 'POST',
    url: '/v1/reference/promote',
    config: { access: 'write' },
    schema: { body: ReferenceChangeRequest },
    handler: async ({ body: { ids, ...change } }) => told(needs, await promoteValues(needs, ids, change)),
  });
  server.route({
    method: 'POST',
    url: '/v1/reference/reinstate',
    config: { access: 'write' },
    schema: { body: ReinstateRequest },
    handler: async ({ body: { ids, ...change } }) => told(needs, await reinstateValues(needs, ids, change)),
  });
  server.route({
    method: 'POST',
    url: '/v1/reference/remove',
    config: { access: 'write' },
    schema: { body: ReferenceChangeRequest },
    handler: async ({ body: { ids, ...change } }) => told(needs, await removeValues(needs, ids, change)),
  });
};

async function told(
  needs: RestNeeds,
  { result, rehearsal }: Applied<readonly ReferenceValue[]>,
): Promise<ReferenceChangeResult> {
  const users = await usersOf(needs);
  return { values: result.map((value) => summaryOf(value, users, false)), rehearsal };
}

function summaryOf(
  { content, ...value }: ReferenceValue,
  users: ReadonlyMap<string, Users>,
  withContent: boolean,
): ReferenceSummary {
  const counted = { sequence: 'events', measurements: 'measurements', 'pcr-values': 'values', files: 'files' } as const;
  const { hosts = [], lastHeard = [] } = users.get(value.id) ?? {};
  const list = (content as Record<string, unknown>)[counted[content.form]];
  return {
    ...value,
    ...(withContent && { content }),
    form: content.form,
    count: Array.isArray(list) ? list.length : 0,
    hosts: [...hosts],
    ...(lastHeard.length > 0 && { hosts_last_heard: [...lastHeard] }),
  };
}
