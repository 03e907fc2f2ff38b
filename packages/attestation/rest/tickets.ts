// POST /v1/tickets: a start permission for one instance on one host, or 409 with the verdict that stands against it.
import { type Ticket, TicketRequest } from '@assay/protocol';
import { issueTicket } from '../tickets/issue.ts';
import type { Resource } from './resource.ts';

export const tickets: Resource = (server, needs) => {
  server.route({
    method: 'POST',
    url: '/v1/tickets',
    config: { access: 'write' },
    schema: { body: TicketRequest },
    handler: async (request, reply) => {
      const issued = await issueTicket(needs, request.body);
      if ('ticket' in issued) return reply.send(issued satisfies Ticket);
      const { trust, reason } = issued;
      const message = `host ${request.body.host} is ${trust}: ${reason}`;
      return reply.code(409).send({ error: { code: 'ticket-refused', message, trust, reason } });
    },
  });
};
