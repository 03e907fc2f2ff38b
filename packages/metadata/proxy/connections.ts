// Over which connections do questions reach the metadata API? A few, mutual TLS 1.3, that all guests share and that are kept;
// another one resumes the session of the last. With new certificates they are replaced, one as it falls free after the other.

import { isIP } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { AssayError } from '@assay/core';
import { checkServerName, connectionFailure } from '@assay/daemon';
import { exporterOf } from '../signature.ts';

export type Connection = {
  readonly socket: TLSSocket;
  /** What binds a signature to this connection. */
  readonly exporter: string;
  /** Requests sent on it so far. */
  count: number;
  /** What comes of the request that is under way; without one, whatever comes ends the connection. */
  reader: { data(bytes: Buffer): void; end(error?: Error): void } | undefined;
};

export type Connections = {
  /**
   * One that nobody else uses, until it is given back or ends.
   * @param fresh none that carried a request before
   * @param deadline of performance.now()
   * @throws AssayError `https-unreachable`, `https-tls`, `https-timeout`
   */
  take(deadline: number, fresh: boolean): Promise<Connection>;
  /** @param keepMs how long it may be kept idle; undefined: it ends */
  give(connection: Connection, keepMs: number | undefined): void;
  /** Those that are idle now end: the server seems to have closed them. */
  dropIdle(): void;
  /** From now on these credentials; what is under way is finished with the former ones. */
  renew(context: SecureContext): void;
  close(): void;
};

export type Limits = { readonly connectMs: number; readonly most: number; readonly mostWaiting: number };
type Waiter = {
  readonly fresh: boolean;
  readonly deadline: number;
  done(one: Connection): void;
  failed(error: unknown): void;
};

// A session outlives what was checked when it began; so not for long.
const sessionMs = 3600_000;

export function createConnections(
  { host, port, context }: { host: string; port: number; context: SecureContext },
  { connectMs, most, mostWaiting }: Limits,
): Connections {
  const where = `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const idle: { connection: Connection; until: number }[] = [];
  const waiters: Waiter[] = [];
  const open = new Map<TLSSocket, number>(); // and with which credentials
  let current = { context, age: 0 };
  let session: { data: Buffer; since: number } | undefined;
  let connecting = 0;
  let closed = false;

  // Coarse: one timer for all, so that a request costs none.
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const waiter of waiters.filter(({ deadline }) => deadline <= now)) {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.failed(new AssayError('https-timeout', where, 'a free connection in time', 'none'));
    }
    while (idle[0] && idle[0].until <= now) idle.shift()?.connection.socket.destroy();
  }, 500).unref();

  /** Takes the end of one nobody uses; `idle` is short. */
  const forget = (socket: TLSSocket) => {
    open.delete(socket);
    const at = idle.findIndex(({ connection }) => connection.socket === socket);
    if (at >= 0) idle.splice(at, 1);
    serve();
  };

  function dial(): void {
    const { context: secureContext, age } = current;
    connecting += 1;
    const resumed = session && performance.now() - session.since < sessionMs ? { session: session.data } : {};
    const socket = connect({
      host,
      port,
      secureContext,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
      checkServerIdentity: checkServerName,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) ? {} : { servername: host }),
      ...resumed,
    });
    open.set(socket, age);
    socket.setNoDelay(true);
    let settled = false;
    let connection: Connection | undefined;
    const settle = (error?: AssayError) => {
      if (settled) return;
      settled = true;
      clearTimeout(late);
      connecting -= 1;
      if (connection && age === current.age && !closed) return give(connection, 60_000);
      socket.destroy();
      open.delete(socket);
      if (error && age === current.age) {
        session = undefined;
        waiters.shift()?.failed(error);
      }
      serve();
    };
    const late = setTimeout(
      () => settle(new AssayError('https-timeout', where, `a connection within ${connectMs} ms`, 'none')),
      connectMs,
    );
    socket.on('session', (data) => {
      if (age === current.age) session = { data, since: performance.now() };
    });
    socket.once('secureConnect', () => {
      connection = { socket, exporter: exporterOf(socket), count: 0, reader: undefined };
      settle();
    });
    socket.on('data', (bytes: Buffer) => (connection?.reader ? connection.reader.data(bytes) : socket.destroy()));
    socket.on('end', () => (connection?.reader ? connection.reader.end() : socket.destroy()));
    socket.on('error', (error) => {
      const reason = connectionFailure(error, where);
      settle(reason);
      connection?.reader?.end(reason);
    });
    socket.on('close', () => {
      settle(new AssayError('https-unreachable', where, 'a server that answers', 'a closed connection'));
      connection?.reader?.end();
      forget(socket);
    });
  }

  function serve(): void {
    for (const waiter of [...waiters]) {
      const at = idle.findLastIndex(({ connection }) => !waiter.fresh || connection.count === 0);
      const [found] = at < 0 ? [] : idle.splice(at, 1);
      if (!found) continue;
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.done(found.connection);
    }
    while (!closed && waiters.length > connecting && open.size < most) dial();
    // Only for one that must be fresh there can be a waiter beside an idle connection.
    if (waiters.length > connecting && idle.length > 0) idle.shift()?.connection.socket.destroy();
  }

  function give(connection: Connection, keepMs: number | undefined): void {
    const { socket } = connection;
    if (closed || keepMs === undefined || socket.destroyed || open.get(socket) !== current.age) {
      socket.destroy();
      open.delete(socket);
      serve();
      return;
    }
    const next = waiters.findIndex(({ fresh }) => !fresh || connection.count === 0);
    if (next >= 0) {
      const [waiter] = waiters.splice(next, 1);
      waiter?.done(connection);
      return;
    }
    // A second less than the server keeps it, for what is on its way.
    idle.push({ connection, until: performance.now() + Math.max(keepMs - 1000, 500) });
    if (waiters.length > 0) serve();
  }

  const dropIdle = () => {
    for (const { connection } of idle.splice(0)) connection.socket.destroy();
  };
  return {
    take(deadline, fresh) {
      const now = performance.now();
      while (!fresh && idle.length > 0) {
        const { connection, until } = idle.pop() as (typeof idle)[number];
        if (until > now && !connection.socket.destroyed) return Promise.resolve(connection);
        connection.socket.destroy();
      }
      if (closed || waiters.length >= mostWaiting)
        return Promise.reject(new AssayError('https-unreachable', where, 'a free connection', 'too many that wait'));
      return new Promise((done, failed) => {
        waiters.push({ fresh, deadline, done, failed });
        serve();
      });
    },
    give,
    dropIdle,
    renew(next) {
      current = { context: next, age: current.age + 1 };
      session = undefined;
      dropIdle();
    },
    close() {
      closed = true;
      clearInterval(sweep);
      for (const socket of open.keys()) socket.destroy();
      for (const waiter of waiters.splice(0))
        waiter.failed(new AssayError('https-unreachable', where, 'a connection', 'this proxy ends'));
    },
  };
}
