// What may a guest ask of 169.254.169.254? Reads, a session token, and its password once; within limits that keep one guest from
// being a burden to the others. Who it is does not depend on anything it sends: each door leads here with its guest's name.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createListener, type Server, type Socket } from 'node:net';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { htmlPage, htmlType } from '../html-page.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { Guest } from './ports.ts';
import { relayHeaders, type SessionTokens, tokenHeaders, tokenPath, ttlHeaders, ttlOf } from './session-token.ts';
import type { Question, Upstream } from './upstream.ts';

const limits = {
  connections: 32,
  /** Questions that wait for an answer at a time. */
  waiting: 16,
  requestsPerConnection: 1000,
  headerBytes: 8192,
  pathCharacters: 2048,
  /** A password is 1020 bytes at most. */
  bodyBytes: 4096,
  /** The same failure is not logged again for so long: guests ask often. */
  quietMs: 10_000,
  /** With 32 connections, how fast a guest that asks too often can be refused: it has no more of us than that. */
  refusalMs: 200,
  /** Refusals within a second that one gets only by not waiting for answers: then its door is shut for another. */
  refusals: 200,
};

export type DeskNeeds = {
  readonly upstream: Pick<Upstream, 'ask'>;
  readonly tokens: SessionTokens;
  readonly rate: Pick<RateLimit, 'take'>;
  readonly log: Log;
};
export type Desk = {
  /** A server for this guest that does not listen yet. `close` ends its connections too. */
  door(guest: Guest, admit?: (socket: Socket) => boolean): Server & { closeAllConnections(): void };
  close(): void;
};
type Visitor = {
  readonly guest: Guest;
  readonly open: Set<Socket>;
  waiting: number;
  /** Refused since when, and how often; until when nothing of it is accepted. */
  refused: { since: number; count: number };
  shutUntil: number;
};

const patience = {
  /** For the head of a request, and for all of it. */
  headMs: 5_000,
  requestMs: 10_000,
  idleMs: 5_000,
  /** Without a byte that is read or written. */
  stillMs: 30_000,
  /** How often slow requests are looked for. */
  lookMs: 2_500,
};

/** One HTTP server for all guests, however many doors there are. */
export function createDesk({ upstream, tokens, rate, log }: DeskNeeds, times = patience): Desk {
  const visitors = new WeakMap<Socket, Visitor>();
  const told = new Map<string, { since: number; again: number }>();
  const http = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: times.headMs,
      requestTimeout: times.requestMs,
      keepAliveTimeout: times.idleMs,
      connectionsCheckingInterval: times.lookMs,
    },
    (request, response) => {
      const visitor = visitors.get(request.socket);
      if (!visitor) return void request.socket.destroy();
      const waitS = rate.take(visitor.guest.instance_id);
      if (waitS !== undefined || visitor.waiting >= limits.waiting) {
        if (isStubborn(visitor)) return;
        if (waitS === undefined) return refuse(response, 1);
        return void setTimeout(() => refuse(response, waitS), limits.refusalMs);
      }
      visitor.waiting += 1;
      void serve(visitor.guest, request, response).finally(() => {
        visitor.waiting -= 1;
      });
    },
  );
  http.maxRequestsPerSocket = limits.requestsPerConnection;
  http.setTimeout(times.stillMs);
  http.emit('listening'); // it never does; from here on it looks for slow requests

  async function serve(guest: Guest, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const question = await questionOf(request);
      if (question === 'token') return giveToken(guest, request, response);
      if (typeof question === 'number') return page(response, question, question === 405 ? { allow: 'GET, HEAD' } : {});
      const token = headerOf(request, tokenHeaders);
      if (token !== undefined && !tokens.holds(token, guest.instance_id)) return page(response, 401);
      const answer = await upstream.ask(guest, token === undefined ? question : { ...question, token: true });
      if (isForGuests(answer.status)) return pass(response, answer);
      tell(guest, `status ${answer.status}`, `answered ${answer.status}`);
      // A redirect is never followed: it would be an order to send elsewhere what we sign.
      page(response, [500, 502, 503, 504].includes(answer.status) ? answer.status : 502);
    } catch (error) {
      if (response.destroyed || response.headersSent) return void response.destroy();
      page(response, failed(guest, error));
    }
  }

  function giveToken(guest: Guest, request: IncomingMessage, response: ServerResponse): void {
    const ttlS = ttlOf(headerOf(request, ttlHeaders));
    if (relayHeaders.some((name) => request.headers[name] !== undefined)) {
      page(response, 403);
      return;
    }
    if (ttlS === undefined) {
      page(response, 400);
      return;
    }
    const token = tokens.give(guest.instance_id, ttlS);
    response.writeHead(200, {
      'content-type': 'text/plain',
      'content-length': token.length,
      'cache-control': 'no-store',
      'x-aws-ec2-metadata-token-ttl-seconds': ttlS,
    });
    response.end(token);
  }

  /** The cause goes to the log; the guest learns no more than the status. */
  function failed(guest: Guest, error: unknown): number {
    const code = error instanceof AssayError ? error.code : 'internal';
    tell(guest, code, error instanceof Error ? error.message : String(error));
    return code === 'https-unreachable' || code === 'https-tls' ? 503 : code === 'https-timeout' ? 504 : 502;
  }

  /** @param kind one of a few words of ours: a guest can make as many reasons as it likes */
  function tell(guest: Guest, kind: string, reason: string): void {
    const now = performance.now();
    const before = told.get(kind);
    if (before && now - before.since < limits.quietMs) {
      before.again += 1;
      return;
    }
    told.set(kind, { since: now, again: 0 });
    const again = before?.again ? { again: before.again } : {};
    log.error({ instance: guest.instance_id, reason, ...again }, 'metadata API did not answer');
  }

  return {
    door(guest, admit = () => true) {
      const open = new Set<Socket>();
      const visitor: Visitor = { guest, open, waiting: 0, refused: { since: 0, count: 0 }, shutUntil: 0 };
      const listener = createListener({ allowHalfOpen: true, noDelay: true }, (socket) => {
        if (visitor.shutUntil > performance.now() || !admit(socket)) return void socket.destroy();
        open.add(socket);
        socket.once('close', () => open.delete(socket));
        visitors.set(socket, visitor);
        http.emit('connection', socket);
      });
      listener.maxConnections = limits.connections;
      const closeAllConnections = () => {
        for (const socket of open) socket.destroy();
      };
      return Object.assign(listener, { closeAllConnections });
    },
    close() {
      http.closeAllConnections();
      http.close(() => undefined);
    },
  };
}

/** One more refusal. Of a guest that goes on without waiting for them all connections end. */
function isStubborn(visitor: Visitor): boolean {
  const now = performance.now();
  if (visitor.shutUntil > now) return true;
  if (now - visitor.refused.since > 1000) visitor.refused = { since: now, count: 0 };
  visitor.refused.count += 1;
  if (visitor.refused.count <= limits.refusals) return false;
  visitor.shutUntil = now + 1000;
  for (const socket of visitor.open) socket.destroy();
  return true;
}

function refuse(response: ServerResponse, waitS: number): void {
  if (!response.destroyed) page(response, 429, { 'retry-after': `${waitS}` });
}

/** The value of the one of these headers that came; two that differ are like a wrong one. */
function headerOf(request: IncomingMessage, names: readonly string[]): string | undefined {
  const values = names.flatMap((name) => request.headers[name] ?? []);
  return values.length === 0 ? undefined : [...new Set(values)].join(', ');
}

function isForGuests(status: number): boolean {
  return (status >= 200 && status < 300) || (status >= 400 && status < 500);
}

function pass(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, {
    'content-type': headers['content-type'] ?? 'text/plain; charset=UTF-8',
    'content-length': response.req.method === 'HEAD' ? (headers['content-length'] ?? 0) : body.length,
    'cache-control': 'no-store',
    ...(headers['retry-after'] ? { 'retry-after': headers['retry-after'] } : {}),
  });
  response.end(body);
}

/** What is asked, or the status of the refusal. */
async function questionOf(request: IncomingMessage): Promise<Question | 'token' | number> {
  const path = pathOf(request.url ?? '');
  const { method } = request;
  if (path === undefined) return 400;
  if (method === 'GET' || method === 'HEAD') {
    request.resume(); // a body means nothing here
    return { method, path };
  }
  if (method === 'PUT' && path === tokenPath) {
    request.resume();
    return 'token';
  }
  if (method !== 'POST' || !/^\/openstack\/[^/]+\/password$/.test(path)) return 405;
  const body = await bodyOf(request);
  return body ? { method, path, body } : 413;
}

/** The path alone, whatever form the target has (RFC 9112, §3.2); queries have no effect and are left behind. */
function pathOf(target: string): string | undefined {
  if (target.length > limits.pathCharacters) return undefined;
  const [path] = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  // What is no visible ASCII goes on as its escape: it would end a line of ours, or be read in another way.
  const sent = path?.replace(/[^\x21-\x7e]/g, (letter) => encodeURIComponent(letter));
  return sent?.startsWith('/') ? sent : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limits.bodyBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function page(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  const body = htmlPage(status);
  const closing = status === 413 || status === 429 ? { connection: 'close' } : {};
  response.writeHead(status, {
    'content-type': htmlType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...closing,
    ...headers,
  });
  response.end(body);
}
