// GET /v1/health: does this server answer, and its database? Says nothing of any host.
import { sql } from 'kysely';
import type { Resource } from './resource.ts';

export const health: Resource = (server, { db }) => {
  server.route({
    method: 'GET',
    url: '/v1/health',
    config: { access: 'open' },
    handler: async () => {
      await sql`select 1`.execute(db);
      return { status: 'ok' };
    },
  });
};
