import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { after, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { AssayError } from '@assay/core';
import Type from 'typebox';
import { createLog } from '../log.ts';
import { testPki } from '../testing/pki.ts';
import { httpsRequest } from './client.ts';
import { peerHost } from './peer.ts';
import { createHttpsServer, type HttpsServerOptions, listen } from './server.ts';

const pki = testPki();
const own = pki.issue('server', 'DNS:localhost,IP:127.0.0.1');
const node1 = pki.issue('node1', 'DNS:node1');
const lines: string[] = [];
const log = createLog('test', 'info', { write: (line: string) => void lines.push(line) });

async function started(options: Partial<HttpsServerOptions> = {}) {
  const server = createHttpsServer({ ...own, clientCertificate: 'none', log, ...options });
  server.post(
    '/hosts',
    { schema: { body: Type.Object({ count: Type.Integer(), hosts: Type.Array(Type.String()) }) } },
    async (request) => ({
      got: request.body.hosts.slice(0, request.body.count),
    }),
  );
  server.get(
    '/hosts/:name',
    { schema: { querystring: Type.Object({ limit: Type.Optional(Type.Integer()) }) } },
    async (request) => ({ limit: request.query.limit }),
  );
  server.get('/bug', async () => {
    throw new Error('password is hunter2');
  });
  server.get('/foreseen', async () => {
    throw new AssayError('host-not-found', 'host node9', 'a registered host', 'none');
  });
  server.get('/full', async () => {
    throw new AssayError('storage-full', 'database /var/lib/assay/x.sqlite', 'room on its disk', 'SQLITE_FULL');
  });
  server.get('/slow', async () => new Promise(() => undefined));
  server.get('/peer', async (request) => ({ host: peerHost(request.raw.socket as TLSSocket) }));
  const { port, close } = await listen(server, { host: '127.0.0.1', port: 0 });
  after(close);
  return { port, url: `https://127.0.0.1:${port}` };
}

const { url, port } = await started();
const ask = async (path: string, more: object = {}, base = url) => {
  const { status, headers, body } = await httpsRequest({ url: base + path, ca: pki.ca, ...more });
  return { status, headers, body: JSON.parse(String(body) || 'null') };
};
const post = (body: unknown, type = 'application/json') =>
  ask('/hosts', { method: 'POST', body, headers: { 'content-type': type } });

test('a request that fits its schema is answered', async () => {
  const { status, body, headers } = await post({ count: 1, hosts: ['node1', 'node2'] });
  assert.deepEqual([status, body], [200, { got: ['node1'] }]);
  assert.match(String(headers['x-openstack-request-id']), /^req-[0-9a-f-]{36}$/);
});

test('numbers are read out of a query, never out of a string in a body', async () => {
  assert.deepEqual((await ask('/hosts/a?limit=5')).body, { limit: 5 });
  const { status, body } = await post({ count: '1', hosts: [] });
  assert.deepEqual([status, body.error.code], [400, 'request-invalid']);
  assert.match(body.error.message, /^body \/count: expected it to be integer, got a value of type string$/);
  assert.equal((await ask('/hosts/a?limit=x')).status, 400);
});

for (const [what, body, status, code] of [
  ['a body that is no JSON', '{"count":', 400, 'request-malformed'],
  ['a key __proto__', '{"count":1,"hosts":[],"__proto__":{"admin":true}}', 400, 'request-malformed'],
  ['a key constructor.prototype', '{"count":1,"hosts":[],"constructor":{"prototype":{}}}', 400, 'request-malformed'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'request-malformed'],
  ['no body', '', 400, 'request-invalid'],
  ['NUL', '{"name": "a\\u0000b"}', 400, 'request-malformed'],
  ['deep nesting', '['.repeat(100_000) + ']'.repeat(100_000), 400, 'request-malformed'],
  ['more than the limit', `"${'x'.repeat(1 << 20)}"`, 413, 'request-too-large'],
] as const) {
  test(`${what} is ${status} ${code}`, async () => {
    const answer = await post(body);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code]);
  });
}

test('another content type is refused', async () => {
  assert.equal((await post('<hosts/>', 'text/xml')).status, 415);
  assert.equal((await post('a=b', 'application/x-www-form-urlencoded')).status, 415);
});

test('an unknown path is 404, a wrong method 405 with what is allowed', async () => {
  assert.deepEqual(
    [(await ask('/nowhere')).status, (await ask('/nowhere')).body.error.code],
    [404, 'request-not-found'],
  );
  const { status, headers } = await ask('/hosts', { method: 'DELETE' });
  assert.deepEqual([status, headers.allow], [405, 'POST']);
  assert.equal((await ask('/hosts/x', { method: 'PUT' })).headers.allow, 'GET, HEAD');
  assert.equal((await ask('/hosts/%zz')).status, 400);
});

test('a foreseen failure has its status and its line, a bug shows nothing of itself and is logged', async () => {
  const foreseen = await ask('/foreseen');
  assert.deepEqual([foreseen.status, foreseen.body.error.code], [404, 'host-not-found']);
  const bug = await ask('/bug');
  assert.equal(bug.status, 500);
  assert.ok(!JSON.stringify(bug.body).includes('hunter2') && !JSON.stringify(bug.body).includes('server.test.ts'));
  assert.match(bug.body.error.message, /req-/);
  assert.ok(lines.some((line) => line.includes('hunter2') && line.includes('server.test.ts')));
});

test('errors take the shape the caller wants', async () => {
  const nova = await started({ renderError: ({ status, message }) => ({ itemNotFound: { code: status, message } }) });
  assert.deepEqual((await ask('/nowhere', {}, nova.url)).body.itemNotFound.code, 404);
});

test('no log line has a credential', async () => {
  lines.length = 0;
  await ask('/hosts/a', { headers: { 'x-auth-blob': 'hunter2', 'x-auth-token': 'hunter2' } });
  log.info(
    { headers: { 'x-auth-blob': 'hunter2', authorization: 'hunter2', 'x-instance-id-signature': 'hunter2' } },
    'seen',
  );
  assert.ok(lines.length >= 2 && !lines.join('').includes('hunter2'));
});

test('TLS before 1.2 is refused, 1.3 is preferred', async () => {
  const socket = connect({ port, host: '127.0.0.1', ca: pki.ca });
  await once(socket, 'secureConnect');
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  assert.equal(socket.alpnProtocol === 'h2', false);
  socket.destroy();
  const old = connect({
    port,
    host: '127.0.0.1',
    ca: pki.ca,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL:@SECLEVEL=0',
  });
  const [error] = await once(old, 'error');
  assert.match(error.code, /PROTOCOL_VERSION/);
});

/** Sends bytes and gives all that comes back until the server closes. */
async function raw(bytes: string, to = port): Promise<string> {
  const socket = connect({ port: to, host: '127.0.0.1', ca: pki.ca });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  let answer = '';
  socket.on('data', (part) => {
    answer += part;
  });
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

for (const [what, request] of [
  [
    'both lengths',
    'POST /hosts HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'POST /hosts HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'],
  ['a bare CR', 'GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n'],
  ['a blank before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  ['no HTTP', 'hello\r\n\r\n'],
  ['a header line without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`],
] as const) {
  test(`a request with ${what} is refused and its connection closed`, async () => {
    const answer = await raw(request);
    assert.match(answer, /^HTTP\/1\.1 4(00|31) /);
    assert.match(answer, /"code":"request-(malformed|headers)"/);
  });
}

test('a handshake that does not go on, a header that trickles and a body that never comes end by their limits', async () => {
  const fast = await started({ limits: { handshakeMs: 300, headersMs: 300, requestMs: 600 } });
  const half = connectPlain(fast.port, '127.0.0.1');
  half.on('error', () => undefined);
  half.resume(); // otherwise its end is never read
  const closed = once(half, 'close');
  assert.match(await raw('GET / HTTP/1.1\r\nHost: a\r\n', fast.port), /^HTTP\/1\.1 408 /);
  assert.match(
    await raw(
      'POST /hosts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
      fast.port,
    ),
    /^HTTP\/1\.1 408 /,
  );
  await closed;
  assert.equal((await ask('/hosts/a', {}, fast.url)).status, 200, 'others are served');
});

test('where client certificates are required only those of our CA come through, and they name their host', async () => {
  const mutual = await started({ clientCertificate: 'required', caFile: pki.caFile });
  assert.deepEqual((await ask('/peer', { cert: node1.cert, key: node1.key }, mutual.url)).body, { host: 'node1' });
  await assert.rejects(ask('/peer', {}, mutual.url), { code: 'https-tls' });
  const stranger = testPki().issue('node1', 'DNS:node1');
  await assert.rejects(ask('/peer', { cert: stranger.cert, key: stranger.key }, mutual.url), (error: AssayError) =>
    ['https-tls', 'https-unreachable'].includes(error.code),
  );
});

test('a server that requires client certificates and names no CA does not start', () => {
  assert.throws(() => createHttpsServer({ ...own, clientCertificate: 'required', log }), { code: 'config-missing' });
});

test('a port in use is one clear failure', async () => {
  const second = createHttpsServer({ ...own, clientCertificate: 'none', log });
  await assert.rejects(listen(second, { host: '127.0.0.1', port }), (error: AssayError) => {
    assert.equal(error.code, 'listen-in-use');
    assert.equal(error.where, `127.0.0.1 port ${port}`);
    return true;
  });
  await second.close();
});

test('an address that is not this machine’s is listen-address', async () => {
  const server = createHttpsServer({ ...own, clientCertificate: 'none', log });
  await assert.rejects(listen(server, { host: '192.0.2.1', port: 0 }), { code: 'listen-address' });
  await server.close();
});

test('closing ends a request that hangs', async () => {
  const server = createHttpsServer({ ...own, clientCertificate: 'none', log });
  const { promise: there, resolve: arrived } = Promise.withResolvers<void>();
  server.get('/slow', async () => {
    arrived();
    return new Promise(() => undefined);
  });
  const { port: at, close } = await listen(server, { host: '127.0.0.1', port: 0 });
  const answer = httpsRequest({ url: `https://127.0.0.1:${at}/slow`, ca: pki.ca });
  const refused = assert.rejects(answer, { code: 'https-unreachable' });
  await there;
  await close();
  await refused;
});

test('closing ends a WebSocket that does not say goodbye', async () => {
  const server = createHttpsServer({ ...own, clientCertificate: 'none', log });
  server.server.on('upgrade', (_request, socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  );
  const { port: at, close } = await listen(server, { host: '127.0.0.1', port: 0 });
  const socket = connect({ port: at, host: '127.0.0.1', ca: pki.ca });
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  await once(socket, 'data');
  const ended = once(socket, 'close');
  await close();
  await ended;
});

test('T16 a body nested without end is refused, as text that only looks so is not', async () => {
  for (const deep of ['['.repeat(100_000), `${'['.repeat(100_000)}${']'.repeat(100_000)}`, '{"a":'.repeat(65)]) {
    const { status, body } = await post(Buffer.from(deep));
    assert.deepEqual([status, body.error.code], [400, 'request-malformed'], deep.slice(0, 10));
  }
  const names = ['['.repeat(200), '\\"[{'.repeat(50), '\\', '\\u0000'];
  assert.deepEqual((await post({ count: 4, hosts: names })).body, { got: names });
});

test('T16 an object with names without end is refused before it is read, as text that only looks so is not', async () => {
  const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, 0]));
  for (const many of [named(1001), { count: 3, hosts: [named(10_000)] }]) {
    const { status, body } = await post(many);
    assert.deepEqual([status, body.error.code], [400, 'request-malformed']);
    assert.match(body.error.message, /at most 1000 names in one object/);
  }
  const hosts = [':'.repeat(2000), '":'.repeat(2000)];
  const told = { count: 3, hosts, ...named(900), others: Array.from({ length: 20 }, () => named(1000)) };
  assert.deepEqual((await post(told)).body, { got: hosts });
});

test('T16 whether a body has a NUL is found out in one look, however much in it is escaped', async () => {
  const cost = async (count: number) => {
    const before = process.cpuUsage();
    const { status, body } = await post(
      Buffer.from(`{"count":1,"hosts":["${'\\n'.repeat(count)}","\\\\u0000"],"x":"\\u0000"}`),
    );
    assert.deepEqual([status, body.error.code], [400, 'request-malformed']);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  await cost(1000);
  const most = await cost(500_000);
  assert.ok(most < 150, `${most} ms for a megabyte`);
});

test('T24 where the database lies is not told to clients', async () => {
  const { status, body } = await ask('/full');
  assert.deepEqual([status, body.error.code], [507, 'storage-full']);
  assert.doesNotMatch(body.error.message, /sqlite/i);
});
