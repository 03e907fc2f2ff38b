// Who may use a route? Every route says so itself; one that does not keeps the server from starting.
import type { IncomingHttpHeaders } from 'node:http';
import { AssayError } from '@assay/core';
import type { HttpsServer } from '@assay/daemon/https';

/** `blob`: whoever knows the shared secret. `open`: everybody who can reach the port. */
export type Access = 'blob' | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/**
 * Before the first route is added.
 * Refusals: AssayError `access-unauthorized`, before the body is read. @throws AssayError `access-undeclared` at such a route
 */
export function guardRoutes(server: HttpsServer, knowsBlob: (headers: IncomingHttpHeaders) => boolean): void {
  server.addHook('onRoute', ({ config, method, url }) => {
    if (config?.access !== 'blob' && config?.access !== 'open')
      throw new AssayError('access-undeclared', `${method} ${url}`, 'access: blob or open', config?.access ?? 'none');
  });
  server.addHook('onRequest', async (request) => {
    if (request.is404 || request.routeOptions.config.access === 'open') return;
    if (!knowsBlob(request.headers))
      throw new AssayError(
        'access-unauthorized',
        `${request.method} ${request.routeOptions.url ?? ''}`,
        'the secret of auth_blob_file in header x-auth-blob',
        'none or another one',
      );
  });
}
