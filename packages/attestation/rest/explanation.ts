// /v1/hosts/{name}/explanation, …/accept, …/history: why a host has its verdict, what would mend it, and what became of it.
import { AcceptRequest, defaultPool, HostName, PoolName } from '@assay/protocol';
import { Type } from 'typebox';
import { acceptHost } from '../explain/accept-host.ts';
import { explainHost } from '../explain/explain-host.ts';
import { hostHistory } from '../explain/host-history.ts';
import type { Resource } from './resource.ts';

const NameInPath = Type.Object({ name: HostName });
const InPool = Type.Object({ pool: Type.Optional(PoolName) });
const HistoryQuery = Type.Object({
  pool: Type.Optional(PoolName),
  reappraise: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});
const usualLimit = 50;

export const explanation: Resource = (server, needs) => {
  server.route({
    method: 'GET',
    url: '/v1/hosts/:name/explanation',
    config: { access: 'read' },
    schema: { params: NameInPath, querystring: InPool },
    handler: (request) => explainHost(needs, request.params.name, request.query.pool ?? defaultPool),
  });
  server.route({
    method: 'POST',
    url: '/v1/hosts/:name/accept',
    config: { access: 'write' },
    schema: { params: NameInPath, body: AcceptRequest },
    handler: (request) => acceptHost(needs, request.params.name, request.body),
  });
  server.route({
    method: 'GET',
    url: '/v1/hosts/:name/history',
    config: { access: 'read' },
    schema: { params: NameInPath, querystring: HistoryQuery },
    handler: ({ params, query: { pool, limit = usualLimit, reappraise } }) =>
      hostHistory(needs, params.name, { pool, limit, reappraise: reappraise === '1' }),
  });
};
