// GET /v1/keys: with which keys are tickets signed? A JWK set (RFC 7517); public halves only, so everybody may read it.
import type { Resource } from './resource.ts';

export const keys: Resource = (server, { ticketKey }) => {
  server.route({
    method: 'GET',
    url: '/v1/keys',
    config: { access: 'open' },
    handler: async (_request, reply) => reply.header('cache-control', 'max-age=60').send(ticketKey.jwks),
  });
};
