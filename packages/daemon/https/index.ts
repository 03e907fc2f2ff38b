// What serves HTTPS. What asks is in `@assay/daemon`: on a host that only asks, no server is loaded.
export { type Failure, failureOf, type RenderError, renderPlain } from './failure.ts';
export type { TypeBoxProvider } from './schema.ts';
export { listenAlso } from './second-port.ts';
export { createHttpsServer, type HttpsServer, type HttpsServerOptions, listen } from './server.ts';
export { statusOf } from './status.ts';
