// What does another server answer to one HTTPS request? No redirects, a bounded answer, a bounded wait; what failed is told apart.

import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import { AssayError } from '@assay/core';

export type HttpsRequest = {
  url: string | URL;
  /** Default GET. */
  method?: string;
  headers?: Record<string, string>;
  /** Text or bytes are sent as they are; anything else as JSON, with its content type. */
  body?: unknown;
  /** PEM text, not file names; without `ca` the system's roots. */
  ca?: string | Buffer | undefined;
  cert?: string | Buffer | undefined;
  key?: string | Buffer | undefined;
  /** From start to last byte; default 10 s. */
  timeoutMs?: number;
  /** Of the answer's body; default 1 MiB. */
  maxBytes?: number;
  /** From httpsAgent, to keep connections between requests; default: one connection per request. */
  agent?: Agent | undefined;
  /** Do not verify the server's certificate: for operators who set an `…_insecure` option, never by default. */
  insecure?: boolean;
  signal?: AbortSignal | undefined;
};

export type HttpsAnswer = { status: number; headers: IncomingHttpHeaders; body: Buffer };

/**
 * Any status is an answer.
 * @throws AssayError `https-unreachable`, `https-tls`, `https-timeout`, `https-too-large`, `https-protocol`
 */
export async function httpsRequest(wanted: HttpsRequest): Promise<HttpsAnswer> {
  const url = new URL(wanted.url);
  const method = wanted.method ?? 'GET';
  const where = `${method} ${url.origin}${url.pathname}`;
  if (url.protocol !== 'https:') throw new AssayError('https-protocol', where, 'an https:// address', url.protocol);
  const { body, headers } = content(wanted);
  const limits = { timeoutMs: wanted.timeoutMs ?? 10_000, maxBytes: wanted.maxBytes ?? 1 << 20 };
  const options: RequestOptions = {
    method,
    headers,
    agent: wanted.agent ?? false,
    ...(wanted.ca === undefined ? {} : { ca: pem(where, wanted.ca) }),
    ...(wanted.cert === undefined ? {} : { cert: pem(where, wanted.cert) }),
    ...(wanted.key === undefined ? {} : { key: pem(where, wanted.key) }),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !wanted.insecure,
    // Given for one request it would keep Node from keeping the connection; httpsAgent has it once for all.
    ...(wanted.agent ? {} : { checkServerIdentity: checkServerName }),
  };
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const signal = wanted.signal ? AbortSignal.any([deadline, wanted.signal]) : deadline;
  for (let again = method === 'GET' || method === 'HEAD'; ; again = false) {
    const sent = request(url, { ...options, signal });
    try {
      return await answer(sent, body, where, limits.maxBytes);
    } catch (error) {
      // The server may close a kept connection at the moment we use it: for a read, that is worth a second try.
      if (again && sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') continue;
      throw told(error, where, limits.timeoutMs, deadline);
    } finally {
      if (!wanted.agent) sent.destroy();
    }
  }
}

/** Names stand in the subject alternative names; a common name is not one. */
export const checkServerName: typeof checkServerIdentity = (host, certificate) =>
  certificate.subjectaltname
    ? checkServerIdentity(host, certificate)
    : new Error('the certificate has no subject alternative name');

/** Keeps connections between requests, with the same checks; `destroy()` it at the end. */
export function httpsAgent(): Agent {
  return new Agent({ keepAlive: true, checkServerIdentity: checkServerName });
}

function answer(sent: ReturnType<typeof request>, body: Buffer | undefined, where: string, maxBytes: number) {
  return new Promise<HttpsAnswer>((done, failed) => {
    sent.on('error', failed);
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('error', failed);
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= maxBytes) {
          parts.push(part);
          return;
        }
        failed(new AssayError('https-too-large', where, `an answer of at most ${maxBytes} bytes`, 'more'));
        sent.destroy();
      });
      // Not at `end`: only now a kept connection is free for the next request.
      response.on('close', () => {
        if (response.complete) {
          done({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
          return;
        }
        failed(new AssayError('https-unreachable', where, 'a complete answer', 'a connection closed midway'));
      });
    });
    sent.end(body);
  });
}

function content({ body, headers = {} }: HttpsRequest): { body: Buffer | undefined; headers: Record<string, string> } {
  if (body === undefined) return { body, headers };
  const plain = typeof body === 'string' || body instanceof Uint8Array;
  const bytes =
    typeof body === 'string'
      ? Buffer.from(body)
      : body instanceof Uint8Array
        ? Buffer.from(body)
        : Buffer.from(JSON.stringify(body));
  const type = plain ? {} : { 'content-type': 'application/json' };
  return { body: bytes, headers: { ...type, ...headers, 'content-length': String(bytes.length) } };
}

function pem(where: string, text: string | Buffer): string | Buffer {
  if (text.includes('-----BEGIN ')) return text;
  throw new AssayError('https-tls', where, 'certificate and key as PEM text', 'something else', {
    hint: 'read the file first',
  });
}

const tls =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO$)/;

function told(error: unknown, where: string, timeoutMs: number, deadline: AbortSignal): unknown {
  if (error instanceof AssayError) return error;
  if (deadline.aborted)
    return new AssayError('https-timeout', where, `an answer within ${timeoutMs} ms`, 'none', { cause: error });
  if ((error as NodeJS.ErrnoException).code === 'ABORT_ERR') return error;
  return connectionFailure(error, where);
}

/** Why a connection gave no answer. @returns AssayError `https-tls`, `https-protocol` or `https-unreachable` */
export function connectionFailure(error: unknown, where: string): AssayError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (tls.test(code) || message.includes('subject alternative name'))
    return new AssayError(
      'https-tls',
      where,
      'a TLS connection to a server whose certificate the CA vouches for',
      code || message,
      { cause: error },
    );
  if (code.startsWith('HPE_')) return new AssayError('https-protocol', where, 'an HTTP answer', code, { cause: error });
  return new AssayError('https-unreachable', where, 'a server that answers', code || message, { cause: error });
}
