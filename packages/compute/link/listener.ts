// The compute API's end of the link: which hosts are connected, what do they say, what do they answer to an order?
// HTTPS with client certificates; a host speaks only for the name in its certificate.
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { AssayError, escaped } from '@assay/core';
import { type Log, peerHost } from '@assay/daemon';
import { createHttpsServer, listen } from '@assay/daemon/https';
import { parse } from '@assay/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ServeFile, serveFiles } from './files.ts';
import {
  type Answer,
  FromHost,
  type InstanceState,
  maxFrameBytes,
  mostInstances,
  type Order,
  type Register,
  type Status,
} from './frames.ts';

export type LinkEvents = {
  /**
   * A host is there, with everything on it. Awaited before anything else of this connection is read, so it must not itself
   * await an order to this host.
   */
  registered(host: string, address: string, report: Register): Promise<void>;
  heartbeat(host: string): void;
  status(host: string, status: Status): void;
  gone(host: string): void;
};

export type LinkOptions = {
  listen: string;
  /** 0 for a free one */
  port: number;
  certFile: string;
  keyFile: string;
  /** What names the key file, for errors. */
  keyOption?: string;
  /** Who may issue hosts' certificates. */
  caFile: string;
  log: Log;
  /** Which file may this host have for this instance, now? */
  file: ServeFile;
  heartbeatMs?: number;
};

export type Link = {
  readonly port: number;
  connected(host: string): boolean;
  /** What the host last said of an instance; undefined: it is not connected, or has no such instance. */
  actual(host: string, instance: string): InstanceState | undefined;
  /**
   * Sends an order and awaits the host's answer.
   * @throws AssayError `link-down` (not connected), `link-lost` (connection lost or no answer in time: nobody knows whether it
   * was done), or what the host answered, under its code
   */
  order(host: string, order: Order, deadlineMs: number): Promise<Answer>;
  /** No event comes after it. */
  close(): Promise<void>;
};

type Connection = {
  host: string;
  socket: WebSocket;
  instances: Map<string, InstanceState>;
  waiting: Map<number, { order: Order; done(answer: Answer): void; failed(error: AssayError): void }>;
};

const registerWithinMs = 10_000;
/** Frames of one host. */
const mostWaiting = 64;
const path = '/v1/host';

/** @throws AssayError for TLS files and addresses that are not fit */
export async function startLink(options: LinkOptions, events: LinkEvents): Promise<Link> {
  const { log, heartbeatMs = 10_000 } = options;
  const connections = new Map<string, Connection>();
  let requests = 0;

  const server = createHttpsServer({
    certFile: options.certFile,
    keyFile: options.keyFile,
    keyOption: options.keyOption,
    caFile: options.caFile,
    clientCertificate: 'required',
    log,
  });
  serveFiles(server, options.file);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false });
  server.server.on('upgrade', (request: IncomingMessage, socket: TLSSocket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      const host = peerHost(socket);
      if (request.url !== path) throw new AssayError('link-path', request.url ?? '', path, request.url);
      sockets.handleUpgrade(request, socket, head, (ws) => accept(host, socket.remoteAddress ?? '', ws));
    } catch (error) {
      log.warn({ err: error }, 'a connection was refused');
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    }
  });

  function accept(host: string, address: string, socket: WebSocket): void {
    const connection: Connection = { host, socket, instances: new Map(), waiting: new Map() };
    let silence = setTimeout(() => socket.terminate(), registerWithinMs);
    let turn: Promise<unknown> = Promise.resolve(); // frames are taken in the order they came
    let waiting = 0;
    socket.on('message', (data, isBinary) => {
      if (++waiting === mostWaiting) socket.pause(); // what it sends faster than we can take waits on its side
      clearTimeout(silence);
      silence = setTimeout(() => socket.terminate(), 3 * heartbeatMs);
      turn = turn
        .then(() => {
          if (isBinary) throw new AssayError('link-frame', `host ${host}`, 'a text message', 'a binary one');
          return take(connection, address, parse(FromHost, String(data), `host ${host}`));
        })
        .catch((error: unknown) => {
          // One host's bad frame costs that host its connection, nobody else anything.
          log.warn({ err: error, host }, 'a host said something that cannot be taken');
          socket.close(1008, error instanceof AssayError ? error.code : 'internal');
        })
        .finally(() => {
          if (--waiting === 0) socket.resume();
        });
    });
    socket.on('error', (error) => log.info({ host, reason: error.message }, 'a host’s connection failed'));
    socket.on('close', () => {
      clearTimeout(silence);
      for (const { failed } of connection.waiting.values()) failed(lost(host, 'its connection was lost'));
      connection.waiting.clear();
      if (connections.get(host) !== connection) return;
      connections.delete(host);
      log.warn({ host }, 'a compute host is gone');
      events.gone(host);
    });
  }

  async function take(connection: Connection, address: string, frame: FromHost): Promise<void> {
    const { host, socket, instances } = connection;
    if (frame.type === 'register') {
      if (frame.hypervisor_hostname !== host)
        throw new AssayError(
          'link-host',
          'register',
          `the name in its certificate, ${host}`,
          frame.hypervisor_hostname,
        );
      for (const instance of frame.instances) instances.set(instance.id, instance);
      const former = connections.get(host);
      connections.set(host, connection);
      if (former && former !== connection) former.socket.close(1000, 'replaced');
      send(connection, { type: 'registered', heartbeat_ms: heartbeatMs });
      log.info({ host, instances: frame.instances.length }, 'a compute host is there');
      await events.registered(host, address, frame);
      return;
    }
    if (connections.get(host) !== connection) {
      // Replaced by a newer connection: what still comes on this one is no longer true.
      if (socket.readyState === socket.OPEN && !connections.has(host))
        throw new AssayError('link-frame', `host ${host}`, 'register first', frame.type);
      return;
    }
    if (frame.type === 'heartbeat') events.heartbeat(host);
    else if (frame.type === 'status') {
      if (!instances.has(frame.instance.id) && instances.size >= mostInstances)
        throw new AssayError('link-frame', `host ${host}`, `at most ${mostInstances} instances`, 'more');
      instances.set(frame.instance.id, frame.instance);
      events.status(host, frame);
    } else {
      const asked = connection.waiting.get(frame.request);
      // Noted before the next frame is read: a guest may end right after the answer that it runs.
      if (asked && !frame.error) note(instances, asked.order);
      asked?.done(frame);
    }
  }

  function send(connection: Connection, frame: object): void {
    connection.socket.send(JSON.stringify(frame), (error) => {
      if (error) connection.socket.terminate();
    });
  }

  const listening = await listen(server, { host: options.listen, port: options.port });
  return {
    port: listening.port,
    connected: (host) => connections.has(host),
    actual: (host, instance) => connections.get(host)?.instances.get(instance),
    async order(host, order, deadlineMs) {
      const connection = connections.get(host);
      if (!connection) throw new AssayError('link-down', `host ${host}`, 'a connected compute-host', 'none');
      const request = ++requests;
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const late = setTimeout(() => reject(lost(host, `no answer within ${deadlineMs} ms`)), deadlineMs);
      connection.waiting.set(request, { order, done: resolve, failed: reject });
      send(connection, { ...order, request });
      const answer = await promise.finally(() => {
        clearTimeout(late);
        connection.waiting.delete(request);
      });
      if (answer.error) throw refusedBy(host, answer.error);
      return answer;
    },
    async close() {
      connections.clear(); // it is us who go, not the hosts
      for (const socket of sockets.clients) socket.terminate();
      await listening.close();
    },
  };
}

/** What an order that was carried out left behind. */
function note(instances: Map<string, InstanceState>, order: Order): void {
  if (order.type === 'start') instances.set(order.spec.id, { id: order.spec.id, running: true });
  else if (order.type === 'stop')
    instances.set(order.instance, { id: order.instance, running: false, ended_by: 'request' });
  else if (order.type === 'remove') instances.delete(order.instance);
}

const lost = (host: string, got: string) =>
  new AssayError('link-lost', `host ${host}`, 'an answer to an order', got, { hint: 'it may have been done or not' });

/** @returns the host's own words as `cause`: already a whole line */
function refusedBy(host: string, { code, message }: { code: string; message: string }): AssayError {
  const safe = /^[a-z0-9]+(-[a-z0-9]+)*$/.test(code) ? code : 'host-error';
  return new AssayError(safe, `host ${host}`, 'the order carried out', message, { cause: escaped(message) });
}
