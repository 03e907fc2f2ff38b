// Who may use a route? Every route says so itself; one that does not keeps the server from starting.
import { AssayError } from '@assay/core';
import type { HttpsServer } from '@assay/daemon/https';
import type { RightOf } from '../auth-blob.ts';

/** `write`: whoever has the secret that may do everything. `read`: also who has one that only asks. `open`: everybody who can reach the port. */
export type Access = 'read' | 'write' | 'open';
const accesses: readonly unknown[] = ['read', 'write', 'open'] satisfies Access[];

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/**
 * Before the first route is added.
 * Refusals, before the body is read: AssayError `access-unauthorized`; `access-forbidden` for a secret that only asks.
 * @throws AssayError `access-undeclared` at a route that does not say
 */
export function guardRoutes(server: HttpsServer, rightOf: RightOf): void {
  server.addHook('onRoute', ({ config, method, url }) => {
    if (!accesses.includes(config?.access))
      throw new AssayError('access-undeclared', `${method} ${url}`, accesses.join(' or '), config?.access ?? 'none');
  });
  server.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    if (request.is404 || access === 'open') return;
    const right = rightOf(request.headers);
    const where = `${request.method} ${request.routeOptions.url ?? ''}`;
    if (right === undefined)
      throw new AssayError(
        'access-unauthorized',
        where,
        access === 'read'
          ? 'a secret of auth_blob_file or read_only_auth_blob_file in header x-auth-blob'
          : 'a secret of auth_blob_file in header x-auth-blob',
        'none or another one',
      );
    if (right !== 'write' && access !== 'read')
      throw new AssayError('access-forbidden', where, 'a secret of auth_blob_file', 'one that only asks');
  });
}
