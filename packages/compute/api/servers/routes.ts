// Servers: the routes. What each does stands in its own file beside this one.
import type { FastifyRequest } from 'fastify';
import { allNodes } from '../../storage/compute-nodes.ts';
import { type ApiContext, links, type Resource } from '../context.ts';
import { act, remove } from './actions.ts';
import { createServers } from './create.ts';
import { instanceOf, type ListQuery, listInstances, type Page } from './find.ts';
import { briefView, serverView } from './view.ts';

type At = { Params: { id: string } };
type Listing = { Querystring: ListQuery };

export const servers: Resource = (server, context) => {
  const { db, urls } = context;
  server.get<Listing>('/v2.1/servers', async (request) => {
    const page = await listInstances(context, request, 'index');
    return { servers: page.instances.map((one) => briefView(context, one)), ...nextOf(context, request, page) };
  });
  server.get<Listing>('/v2.1/servers/detail', async (request) => {
    const page = await listInstances(context, request, 'detail');
    const nodes = await nodesByHost();
    const views = page.instances.map((one) => serverView(context, request, one, { nodes, single: false }));
    return { servers: views, ...nextOf(context, request, page) };
  });
  server.post('/v2.1/servers', async (request, reply) => {
    const [first] = await createServers(context, request);
    if (!first) throw new Error('a request makes at least one instance');
    reply.code(202).header('location', `${urls.compute}/v2.1/servers/${first.id}`);
    const asked = (request.body as { server: { return_reservation_id?: unknown } }).server.return_reservation_id;
    if (String(asked).toLowerCase() === 'true') return { reservation_id: first.reservation_id };
    return {
      server: {
        id: first.id,
        links: links(urls, `servers/${first.id}`),
        'OS-DCF:diskConfig': 'MANUAL',
        security_groups: [{ name: 'default' }],
      },
    };
  });
  server.get<At>('/v2.1/servers/:id', async (request) => {
    const instance = await instanceOf(context, request, request.params.id);
    return { server: serverView(context, request, instance, { nodes: await nodesByHost(), single: true }) };
  });
  server.delete<At>('/v2.1/servers/:id', async (request, reply) => {
    await remove(context, request, await instanceOf(context, request, request.params.id));
    return reply.code(204).send();
  });
  server.post<At>('/v2.1/servers/:id/action', async (request, reply) => {
    const answer = await act(context, request, await instanceOf(context, request, request.params.id));
    return answer ?? reply.code(202).send();
  });
  server.get<At>('/v2.1/servers/:id/ips', async (request) => {
    const instance = await instanceOf(context, request, request.params.id);
    return { addresses: serverView(context, request, instance, { nodes: new Map(), single: true }).addresses };
  });

  const nodesByHost = async () => new Map((await allNodes(db)).map((node) => [node.host, node]));
};

function nextOf({ urls }: ApiContext, request: FastifyRequest<Listing>, { next }: Page) {
  if (next === undefined) return {};
  const query = new URLSearchParams(request.url.split('?')[1] ?? '');
  query.set('marker', next);
  const path = request.url.split('?')[0] ?? '';
  return { servers_links: [{ rel: 'next', href: `${urls.compute}${path}?${query}` }] };
}
