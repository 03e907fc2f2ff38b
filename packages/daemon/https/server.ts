// How is one of our HTTPS servers made? TLS 1.2 or 1.3, HTTP/1.1, limits on time and size, errors in the caller's shape.
import { constants, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { AssayError } from '@assay/core';
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import type { Log } from '../log.ts';
import { listenError } from '../unix-socket.ts';
import { type Failure, failureOf, type RenderError, renderPlain } from './failure.ts';
import { readTlsFiles } from './files.ts';
import { jsonParser } from './json.ts';
import { allowedMethods } from './methods.ts';
import { type TypeBoxProvider, validatorCompiler } from './schema.ts';

export type HttpsServer = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxProvider>;

export type HttpsServerOptions = {
  certFile: string;
  keyFile: string;
  /** What names the key file, for errors: `[api] tls_key_file`. */
  keyOption?: string | undefined;
  /** Who may issue client certificates; needed with `clientCertificate: 'required'`. */
  caFile?: string | undefined;
  clientCertificate: 'none' | 'required';
  log: Log;
  /** Default `{ error: { code, message } }`. */
  renderError?: RenderError;
  /** Bytes of a request's body; default 1 MiB. */
  bodyLimit?: number;
  /** Milliseconds; the defaults suit APIs whose answers take no thinking. */
  limits?: Partial<typeof defaults>;
};

const defaults = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  idleMs: 120_000,
  connections: 2_000,
};

/**
 * @throws AssayError `tls-file`, `tls-key`, `tls-expired`; `config-missing` when client certificates are required and
 * nobody is named who may issue them
 */
export function createHttpsServer(options: HttpsServerOptions): HttpsServer {
  const { log, clientCertificate, renderError = renderPlain } = options;
  const required = clientCertificate === 'required';
  if (required && !options.caFile)
    throw new AssayError(
      'config-missing',
      'HTTPS server',
      'the CA file of the client certificates it requires',
      'none',
    );
  const limits = { ...defaults, ...options.limits };
  const server: HttpsServer = fastify({
    https: {
      ...readTlsFiles(options),
      minVersion: 'TLSv1.2',
      handshakeTimeout: limits.handshakeMs,
      requestCert: required,
      rejectUnauthorized: required,
      // A resumed session would carry a client's identity past the end of its certificate.
      ...(required ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
      insecureHTTPParser: false,
    },
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `req-${randomUUID()}`, // as OpenStack writes request ids
    requestIdHeader: false,
    routerOptions: { maxParamLength: 255 }, // host names have up to 253 characters
    bodyLimit: options.bodyLimit ?? 1 << 20,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionTimeout: limits.idleMs,
    forceCloseConnections: true,
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, anyReply) => {
      const reply = anyReply as unknown as FastifyReply;
      const failure = failureOf(error, request.id);
      void reply
        .code(failure.status)
        .type('application/json')
        .send(JSON.stringify(renderError(failure, reply)));
    },
  }) as unknown as HttpsServer;
  server.server.maxConnections = limits.connections;
  server.server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    log.info({ peer: socket.remoteAddress, reason: error.code ?? error.message }, 'TLS handshake failed');
    socket.destroy(); // Node leaves a handshake that took too long open
  });

  endUpgraded(server);
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, jsonParser(server));
  const methods = allowedMethods(server);

  server.setErrorHandler((error, request, reply) => {
    const failure = failureOf(error, request.id);
    if (failure.status >= 500)
      request.log.error({ err: error, method: request.method, path: request.url }, 'request failed');
    return reply.code(failure.status).send(renderError(failure, reply));
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const allowed = methods(path);
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    throw allowed.length > 0
      ? new AssayError('request-not-allowed', path, allowed.join(' or '), request.method)
      : new AssayError('request-not-found', path, 'a resource', 'none of that name');
  });
  server.addHook('onRequest', async ({ url }) => {
    if (url.includes('%00')) throw new AssayError('request-malformed', 'URL', 'text without NUL characters', '%00');
  });
  server.addHook('onSend', async (request, reply) => {
    reply.header('x-openstack-request-id', request.id);
  });
  server.addHook('onResponse', async (request, reply) => {
    const ms = Math.round(reply.elapsedTime);
    request.log.info(
      { method: request.method, path: request.url, status: reply.statusCode, ms, peer: request.ip },
      'request',
    );
  });
  return server;

  /** What is no HTTP at all (or too slow, or too large) gets a short answer and a closed connection. */
  function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || socket.destroyed || !(socket instanceof Duplex) || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, text, code] =
      error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'Request Timeout', 'request-slow'] as const)
        : error.code === 'HPE_HEADER_OVERFLOW'
          ? ([431, 'Request Header Fields Too Large', 'request-headers'] as const)
          : ([400, 'Bad Request', 'request-malformed'] as const);
    const failure: Failure = { status, code, message: text, requestId: '' };
    const body = JSON.stringify(renderError(failure, undefined));
    socket.end(
      `HTTP/1.1 ${status} ${text}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    socket.destroySoon();
  }
}

/** Closing would wait for ever for WebSockets, which have left HTTP: they have this long to say goodbye. */
const goodbyeMs = 500;
function endUpgraded(server: HttpsServer): void {
  const open = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.addHook('preClose', async () => {
    setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, goodbyeMs).unref();
  });
}

/**
 * @param port 0 for a free one
 * @returns the port that was taken; `close` ends idle and busy connections
 * @throws AssayError `listen-in-use`, `listen-denied`, `listen-address`
 */
export async function listen(
  server: HttpsServer,
  { host, port }: { host: string; port: number },
): Promise<{ port: number; close: () => Promise<void> }> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause;
    throw listenError(`${host} port ${port}`, cause);
  }
  return { port: (server.server.address() as AddressInfo).port, close: async () => void (await server.close()) };
}
