// Why is this server where it is, or nowhere? The scheduler's decisions host by host, for administrators: our own addition to Nova's API.
import { decisionsFor } from '../storage/decisions.ts';
import type { Resource } from './context.ts';
import { adminOnly } from './policy.ts';
import { instanceOf } from './servers/find.ts';

export const decisions: Resource = (server, context) => {
  server.get<{ Params: { id: string } }>('/v2.1/servers/:id/os-assay-decisions', async (request) => {
    adminOnly(request, 'os-assay-decisions:list');
    const { id, name, trust, pool, trust_tags: tags } = await instanceOf(context, request, request.params.id);
    const made = await decisionsFor(context.db, id);
    return {
      server: { id, name, trust, pool, tags },
      decisions: made.map(({ id: _, instance_id: __, ...decision }) => decision),
    };
  });
};
