import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { testPki } from '@assay/daemon/testing';
import { exporterOf, isRequestSignatureOf, isSignatureOf, readRequestSignature } from '../signature.ts';
import type { Guest } from './ports.ts';
import { createUpstream } from './upstream.ts';

const secret = 'a secret of enough letters';
const pki = testPki();
const server = pki.server();
const [node1, node2] = [pki.host('node1'), pki.host('node2')];
const guest = (change: { address?: string } = {}): Guest => ({
  instance_id: randomUUID(),
  project_id: 'a'.repeat(32),
  address: '169.254.16.1',
  socket: '/x',
  ...change,
});
type Seen = { request: IncomingMessage; body: Buffer; signed: boolean; count: number; host: string; resumed: boolean };

/** A metadata API that looks at signatures as ours does, and answers with what it saw of the instance. */
async function api(
  t: TestContext,
  answer = (response: ServerResponse, seen: Seen) => void response.end(seen.request.headers['x-instance-id']),
) {
  const seen: Seen[] = [];
  const sockets = new Set<TLSSocket>();
  const https = createServer(
    {
      cert: server.cert,
      key: server.key,
      ca: pki.ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    },
    async (request, response) => {
      const socket = request.socket as TLSSocket;
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      const header = (name: string) => String(request.headers[name] ?? '');
      const claimed = readRequestSignature(header('x-assay-signature'));
      const instance = header('x-instance-id');
      const signed =
        claimed !== undefined &&
        isSignatureOf(header('x-instance-id-signature'), secret, instance) &&
        isRequestSignatureOf(claimed, secret, {
          exporter: exporterOf(socket),
          method: request.method ?? '',
          path: request.url ?? '',
          instance,
          tenant: header('x-tenant-id'),
          forwardedFor: header('x-forwarded-for'),
          token: header('x-assay-token'),
          body,
        });
      const host = String(socket.getPeerCertificate().subjectaltname);
      const one = { request, body, signed, count: claimed?.count ?? 0, host, resumed: socket.isSessionReused() };
      seen.push(one);
      answer(response, one);
    },
  );
  https.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  const end = () => {
    https.closeAllConnections();
    https.close();
  };
  t.after(end);
  return { port: (https.address() as AddressInfo).port, seen, sockets, https, end };
}
const tlsOf = (host: typeof node1) => ({ cert: host.cert, key: host.key, ca: pki.ca });
function upstream(t: TestContext, port: number, limits = {}) {
  const one = createUpstream({ origin: `https://localhost:${port}`, host: 'node1', tls: tlsOf(node1), secret }, limits);
  t.after(() => one.close());
  return one;
}
const get = (path = '/latest') => ({ method: 'GET', path }) as const;

test('every request is signed for the connection it goes over, and counted on it', async (t) => {
  const { port, seen, sockets } = await api(t);
  const { ask } = upstream(t, port);
  const one = guest();
  for (let i = 0; i < 5; i++) assert.equal(`${(await ask(one, get('/a?b'))).body}`, one.instance_id);
  await ask(one, { method: 'GET', path: '/b', token: true });
  assert.deepEqual(
    seen.map(({ signed, count }) => [signed, count]),
    [1, 2, 3, 4, 5, 6].map((count) => [true, count]),
  );
  assert.equal(sockets.size, 1);
  assert.equal(seen.at(-1)?.request.headers['x-assay-token'], 'valid');
  assert.equal(seen[0]?.request.headers['x-assay-token'], undefined);
});

test('a password goes over a connection of its own, its body signed', async (t) => {
  const { port, seen } = await api(t);
  const { ask } = upstream(t, port);
  await ask(guest(), get());
  await ask(guest(), { method: 'POST', path: '/openstack/latest/password', body: Buffer.from([0, 255, 10]) });
  assert.deepEqual([seen[1]?.signed, seen[1]?.count, seen[1]?.body], [true, 1, Buffer.from([0, 255, 10])]);
});

test('many questions at once share a bounded number of connections, each has its own answer', async (t) => {
  const { port, seen, sockets } = await api(t);
  const { ask } = upstream(t, port, { most: 4 });
  let most = 0;
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const one = guest();
      assert.equal(`${(await ask(one, get())).body}`, one.instance_id);
      most = Math.max(most, sockets.size);
    }),
  );
  assert.ok(most <= 4, `${most}`);
  assert.ok(seen.every(({ signed }) => signed));
});

test('another connection resumes the session of the last, with a signature of its own', async (t) => {
  const { port, seen, sockets } = await api(t);
  const { ask } = upstream(t, port);
  await ask(guest(), get());
  await ask(guest(), get());
  for (const socket of sockets) socket.destroy();
  await ask(guest(), get());
  assert.deepEqual(
    seen.map(({ resumed, signed, count }) => [resumed, signed, count]),
    [
      [false, true, 1],
      [false, true, 2],
      [true, true, 1],
    ],
  );
});

test('a read on a connection that the server closes at that moment is asked again, signed anew; a password is not', async (t) => {
  const { port, seen } = await api(t, (response, { request, count }) => {
    if (count === 2 || request.method === 'POST') request.socket.destroy();
    else response.end('ok');
  });
  const { ask } = upstream(t, port);
  await ask(guest(), get());
  assert.equal(`${(await ask(guest(), get())).body}`, 'ok');
  assert.deepEqual(
    seen.map(({ count, signed }) => [count, signed]),
    [
      [1, true],
      [2, true],
      [1, true],
    ],
  );
  await assert.rejects(ask(guest(), { method: 'POST', path: '/openstack/x/password', body: Buffer.from('x') }), {
    code: 'https-unreachable',
  });
  assert.equal(seen.length, 4);
});

test('with another certificate no request is lost: those under way end with the former one, the next have the new one', async (t) => {
  const gate = new EventEmitter();
  let held = 0;
  const { port, seen, sockets } = await api(t, (response, { request }) => {
    if (request.url !== '/slow') return void response.end('ok');
    if (++held === 4) gate.emit('all');
    gate.once('go', () => response.end('slow'));
  });
  const { ask, renew } = upstream(t, port, { most: 8 });
  const all = once(gate, 'all');
  const slow = Array.from({ length: 4 }, () => ask(guest(), get('/slow')));
  await all;
  renew(tlsOf(node2));
  assert.equal(`${(await ask(guest(), get())).body}`, 'ok');
  gate.emit('go');
  assert.deepEqual(
    (await Promise.all(slow)).map(({ body }) => `${body}`),
    Array(4).fill('slow'),
  );
  assert.deepEqual(
    seen.map(({ host }) => host),
    [...Array(4).fill('DNS:node1'), 'DNS:node2'],
  );
  while (sockets.size > 1) await once([...sockets][0] as TLSSocket, 'close');
});

test('certificates that change under load lose nothing', async (t) => {
  const { port, seen } = await api(t);
  const { ask, renew } = upstream(t, port, { most: 4 });
  let asked = 0;
  const load = async () => {
    for (let i = 0; i < 100; i++) {
      const one = guest();
      assert.equal(`${(await ask(one, get())).body}`, one.instance_id);
      if (++asked % 50 === 0) renew(tlsOf(asked % 100 === 0 ? node1 : node2));
    }
  };
  await Promise.all(Array.from({ length: 8 }, load));
  assert.equal(seen.length >= 800 && seen.every(({ signed }) => signed), true);
});

test('a redirect is an answer and is not followed', async (t) => {
  const { port, seen } = await api(t, (response) => void response.writeHead(302, { location: '/elsewhere' }).end());
  const { status } = await upstream(t, port).ask(guest(), get());
  assert.deepEqual([status, seen.length], [302, 1]);
});

test('proxies of the environment are not asked', async (t) => {
  const { port } = await api(t);
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) process.env[name] = 'http://127.0.0.1:1';
  t.after(() => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) delete process.env[name];
  });
  assert.equal((await upstream(t, port).ask(guest(), get())).status, 200);
});

test('what fails is told apart: no server, no TLS, no time, no answer', async (t) => {
  const raw = async (on: (socket: Socket) => void) => {
    const tcp = createTcp(on).listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const open = new Set<Socket>();
    tcp.on('connection', (socket: Socket) => open.add(socket.on('error', () => undefined)));
    t.after(() => {
      for (const socket of open) socket.destroy();
      tcp.close();
    });
    return (tcp.address() as AddressInfo).port;
  };
  const gone = await api(t);
  gone.end();
  const cases: [number, string][] = [
    [gone.port, 'https-unreachable'],
    [await raw((socket) => socket.destroy()), 'https-unreachable'],
    [await raw((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n')), 'https-tls'],
    [await raw(() => undefined), 'https-timeout'],
    [(await api(t, () => undefined)).port, 'https-timeout'],
    [(await api(t, (response) => void response.socket?.write('nothing like HTTP\r\n\r\n'))).port, 'https-protocol'],
    [(await api(t, (response) => void response.end(Buffer.alloc((1 << 20) + 1)))).port, 'https-too-large'],
    [
      (await api(t, (response) => void response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'))).port,
      'https-unreachable',
    ],
  ];
  for (const [port, code] of cases) {
    const { ask } = upstream(t, port, { answerMs: 400, connectMs: 200 });
    await assert.rejects(ask(guest(), get()), { code }, code);
  }
});

test('a certificate of another CA, for another name or by the name in its subject alone is refused', async (t) => {
  for (const issued of [
    testPki().server(),
    pki.issue('other', 'DNS:elsewhere'),
    pki.issue('plain', '', { subject: '/CN=localhost' }),
  ]) {
    const https = createServer({ cert: issued.cert, key: issued.key }).listen(0, '127.0.0.1');
    await once(https, 'listening');
    t.after(() => https.close());
    const { ask } = upstream(t, (https.address() as AddressInfo).port);
    await assert.rejects(ask(guest(), get()), { code: 'https-tls' });
  }
});

test('more questions than may wait are refused, and those that wait are served', async (t) => {
  const gate = new EventEmitter().setMaxListeners(0);
  const { port } = await api(t, (response) => void gate.once('go', () => response.end('ok')));
  const { ask } = upstream(t, port, { most: 1 });
  const all = Array.from({ length: 1024 }, () => ask(guest(), get()));
  await assert.rejects(ask(guest(), get()), { code: 'https-unreachable' });
  const first = all[0] as Promise<unknown>;
  let done = false;
  const finished = Promise.all(all).then(() => {
    done = true;
  });
  const pump = setInterval(() => gate.emit('go'), 1);
  after(() => clearInterval(pump));
  await first;
  await finished;
  clearInterval(pump);
  assert.equal(done, true);
});
