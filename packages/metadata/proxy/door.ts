// What may one guest ask of 169.254.169.254? Reads, and its password once; within limits that keep one guest from being a
// burden to the others. Who it is does not depend on anything it sends: this door is its own.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { htmlPage, htmlType } from '../html-page.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { Guest } from './ports.ts';
import type { Question, Upstream } from './upstream.ts';

const limits = {
  connections: 32,
  /** Questions that wait for an answer at a time. */
  waiting: 16,
  requestsPerConnection: 200,
  headerBytes: 8192,
  pathCharacters: 2048,
  /** A password is 1020 bytes at most. */
  bodyBytes: 4096,
  /** The same failure is not logged again for so long: guests ask often. */
  quietMs: 10_000,
};

/** @returns a server that does not listen yet */
export function createDoor(guest: Guest, upstream: Pick<Upstream, 'ask'>, log: Log): Server {
  let waiting = 0;
  const told = new Map<string, number>();
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      if (waiting >= limits.waiting) return page(response, 429, { 'retry-after': '1' });
      waiting += 1;
      void serve(request, response).finally(() => {
        waiting -= 1;
      });
    },
  );
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.setTimeout(30_000);
  return server;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const question = await questionOf(request);
      if (typeof question === 'number') return page(response, question, question === 405 ? { allow: 'GET, HEAD' } : {});
      const answer = await upstream.ask(guest, question);
      if (isForGuests(answer.status)) return pass(response, answer);
      tell(`status ${answer.status}`, `answered ${answer.status}`);
      // A redirect is never followed: it would be an order to send elsewhere what we sign.
      page(response, answer.status >= 500 ? answer.status : 502);
    } catch (error) {
      if (response.destroyed || response.headersSent) return void response.destroy();
      page(response, failed(error));
    }
  }

  /** The cause goes to the log; the guest learns no more than the status. */
  function failed(error: unknown): number {
    const code = error instanceof AssayError ? error.code : 'internal';
    tell(code, error instanceof Error ? error.message : String(error));
    return code === 'https-unreachable' || code === 'https-tls' ? 503 : code === 'https-timeout' ? 504 : 502;
  }

  /** @param kind one of a few words of ours: a guest can make as many reasons as it likes */
  function tell(kind: string, reason: string): void {
    const now = performance.now();
    if (now - (told.get(kind) ?? -Infinity) < limits.quietMs) return;
    told.set(kind, now);
    log.error({ instance: guest.instance_id, reason }, 'metadata API did not answer');
  }
}

function isForGuests(status: number): boolean {
  return (status >= 200 && status < 300) || (status >= 400 && status < 500);
}

function pass(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, {
    'content-type': headers['content-type'] ?? 'text/plain; charset=UTF-8',
    'content-length': response.req.method === 'HEAD' ? (headers['content-length'] ?? 0) : body.length,
    'cache-control': 'no-store',
  });
  response.end(body);
}

/** What is asked, or the status of the refusal. */
async function questionOf(request: IncomingMessage): Promise<Question | number> {
  const path = pathOf(request.url ?? '');
  const { method } = request;
  if (path === undefined) return 400;
  if (method === 'GET' || method === 'HEAD') {
    request.resume(); // a body means nothing here
    return { method, path };
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
