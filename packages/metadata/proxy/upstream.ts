// How does a guest's question reach the metadata API? In a request of our own making, signed for the very connection it goes
// over; of the guest's request there is in it the method, the path and, for a password, the body.

import { createSecureContext } from 'node:tls';
import { AssayError } from '@assay/core';
import { requestSignatureHeader, signInstanceId, signRequest } from '../signature.ts';
import { type Connection, createConnections } from './connections.ts';
import { AnswerReader, type HttpAnswer } from './http-answer.ts';
import type { ProxySettings } from './options.ts';
import type { Guest } from './ports.ts';

export type Question = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** Begins with `/`. */
  readonly path: string;
  readonly body?: Buffer;
  /** The guest showed a session token of its own that holds. */
  readonly token?: boolean;
};

export type Upstream = {
  /** @throws AssayError `https-unreachable`, `https-tls`, `https-timeout`, `https-too-large`, `https-protocol` */
  ask(guest: Guest, question: Question): Promise<HttpAnswer>;
  /** Another certificate, key or CA: no request is lost. */
  renew(tls: ProxySettings['tls']): void;
  close(): void;
};

/** @param answerMs from question to answer, connecting included; guests and their tools give up after 30 s */
export function createUpstream(
  settings: Pick<ProxySettings, 'origin' | 'host' | 'tls' | 'secret'>,
  { answerMs = 25_000, connectMs = 5_000, most = 32 } = {},
): Upstream {
  const { secret } = settings;
  const url = new URL(settings.origin);
  const connections = createConnections(
    { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443), context: contextOf(settings.tls) },
    { connectMs, most, mostWaiting: 1024 },
  );
  const novas = new WeakMap<Guest, string>();
  const novaOf = (guest: Guest): string => {
    const known = novas.get(guest) ?? signInstanceId(secret, guest.instance_id);
    novas.set(guest, known);
    return known;
  };
  const running = new Set<{ deadline: number; late(): void }>();
  const sweep = setInterval(
    () => {
      const now = performance.now();
      for (const one of running) if (one.deadline <= now) one.late();
    },
    Math.min(500, answerMs / 4),
  ).unref();

  /** The request as it goes over this connection: each try has a signature of its own. */
  function requestOf(guest: Guest, { method, path, body, token }: Question, connection: Connection): string {
    connection.count += 1;
    const forwardedFor = guest.address;
    const [instance, tenant] = [guest.instance_id, guest.project_id];
    const claim = token ? 'valid' : '';
    const signature = signRequest(
      secret,
      { exporter: connection.exporter, method, path, instance, tenant, forwardedFor, token: claim, body },
      { timeMs: Date.now(), count: connection.count },
    );
    return (
      `${method} ${path} HTTP/1.1\r\nHost: ${url.host}\r\nX-Forwarded-For: ${forwardedFor}\r\n` +
      `X-Instance-ID: ${instance}\r\nX-Tenant-ID: ${tenant}\r\nX-Instance-ID-Signature: ${novaOf(guest)}\r\n` +
      `${requestSignatureHeader}: ${signature}\r\n${token ? `X-Assay-Token: ${claim}\r\n` : ''}` +
      `${body ? `Content-Length: ${body.length}\r\n` : ''}\r\n`
    );
  }

  function exchange(connection: Connection, guest: Guest, question: Question, deadline: number): Promise<HttpAnswer> {
    const { socket } = connection;
    const where = `${question.method} ${settings.origin}${question.path}`;
    return new Promise((done, failed) => {
      const reader = new AnswerReader(question.method, where);
      const finish = (result: HttpAnswer | Error) => {
        running.delete(entry);
        connection.reader = undefined;
        const whole = !(result instanceof Error);
        connections.give(connection, whole ? reader.keepMs : undefined);
        if (whole) done(result);
        else failed(Object.assign(result, { started: reader.started }));
      };
      const entry = {
        deadline,
        late: () => finish(new AssayError('https-timeout', where, `an answer within ${answerMs} ms`, 'none')),
      };
      const data = (bytes: Buffer) => {
        try {
          const answer = reader.read(bytes);
          if (answer) finish(answer);
        } catch (error) {
          finish(error as Error);
        }
      };
      const end = (error?: Error) =>
        finish(
          reader.end() ??
            error ??
            new AssayError('https-unreachable', where, 'a complete answer', 'a connection closed midway'),
        );
      running.add(entry);
      connection.reader = { data, end };
      if (socket.destroyed) return end();
      const head = requestOf(guest, question, connection);
      socket.write(question.body ? Buffer.concat([Buffer.from(head, 'latin1'), question.body]) : head, 'latin1');
    });
  }

  return {
    async ask(guest, question) {
      const deadline = performance.now() + answerMs;
      const read = question.method !== 'POST';
      for (let again = false; ; again = true) {
        // A write goes over a new connection: one that the server has just closed would leave open whether it was done.
        const connection = await connections.take(deadline, again || !read);
        const reused = connection.count > 0;
        try {
          return await exchange(connection, guest, question, deadline);
        } catch (error) {
          const late = error instanceof AssayError && error.code === 'https-timeout';
          // The server may close a kept connection at the moment we use it: for a read, that is worth a second try.
          if (!read || !reused || late || (error as { started?: boolean }).started) throw error;
          connections.dropIdle();
        }
      }
    },
    renew: (tls) => connections.renew(contextOf(tls)),
    close() {
      clearInterval(sweep);
      connections.close();
    },
  };
}

function contextOf({ cert, key, ca }: ProxySettings['tls']) {
  return createSecureContext({ cert, key, minVersion: 'TLSv1.3', ...(ca ? { ca } : {}) });
}
