import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createPlain } from 'node:net';
import { after, test } from 'node:test';
import { testPki } from '../testing/pki.ts';
import { httpsAgent, httpsRequest } from './client.ts';

const pki = testPki();
const own = pki.issue('server', 'DNS:localhost,IP:127.0.0.1');

async function serve(server: Server, host = '127.0.0.1'): Promise<string> {
  server.listen(0, host);
  await once(server, 'listening');
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const server = createServer({ cert: own.cert, key: own.key }, (request, response) => {
  if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end();
  else if (request.url === '/large') response.end('x'.repeat(2_000));
  else if (request.url === '/hang') response.writeHead(200).write('x');
  else if (request.url === '/cut')
    response.writeHead(200, { 'content-length': '10' }).write('x', () => response.destroy());
  else request.pipe(response.writeHead(200, { 'x-type': request.headers['content-type'] ?? 'none' }));
});
const url = await serve(server);
const ask = (path: string, more = {}) => httpsRequest({ url: url + path, ca: pki.ca, ...more });

test('an object goes as JSON, text and bytes as they are', async () => {
  const json = await ask('/', { method: 'POST', body: { a: 1 } });
  assert.deepEqual([String(json.body), json.headers['x-type']], ['{"a":1}', 'application/json']);
  const text = await ask('/', { method: 'POST', body: 'a=1' });
  assert.deepEqual([String(text.body), text.headers['x-type']], ['a=1', 'none']);
});

test('a redirect is an answer, not followed', async () => {
  assert.equal((await ask('/redirect')).status, 302);
});

test('nobody listening is https-unreachable', async () => {
  const gone = createPlain().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  await assert.rejects(httpsRequest({ url: `https://127.0.0.1:${port}/` }), { code: 'https-unreachable' });
});

test('a certificate of another CA, for another name, expired, or without SAN is https-tls', async () => {
  await assert.rejects(ask('/', { ca: testPki().ca }), { code: 'https-tls' });
  await assert.rejects(ask('/', { ca: undefined }), { code: 'https-tls' });
  for (const wrong of [
    pki.issue('other', 'DNS:other'),
    pki.issue('localhost', '', { subject: '/CN=127.0.0.1' }),
    pki.issue('late', 'IP:127.0.0.1', { days: 0 }),
  ]) {
    const there = await serve(createServer({ cert: wrong.cert, key: wrong.key }, (_, response) => response.end()));
    // A certificate of 0 days ends within this second.
    if (wrong.certFile.endsWith('late.pem')) await new Promise((later) => setTimeout(later, 1100));
    await assert.rejects(httpsRequest({ url: there, ca: pki.ca }), { code: 'https-tls' }, wrong.certFile);
  }
});

test('a server that speaks no TLS is https-tls', async () => {
  const plain = createPlain((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  after(() => plain.close());
  await assert.rejects(httpsRequest({ url: `https://127.0.0.1:${(plain.address() as AddressInfo).port}` }), {
    code: 'https-tls',
  });
});

test('an answer that does not end in time is https-timeout', async () => {
  await assert.rejects(ask('/hang', { timeoutMs: 200 }), { code: 'https-timeout' });
});

test('an answer beyond the limit is https-too-large', async () => {
  await assert.rejects(ask('/large', { maxBytes: 1_000 }), { code: 'https-too-large' });
  assert.equal((await ask('/large', { maxBytes: 2_000 })).body.length, 2_000);
});

test('an answer cut short is https-unreachable, never half an answer', async () => {
  await assert.rejects(ask('/cut'), { code: 'https-unreachable' });
});

test('plain HTTP is not spoken, and file names are not taken for PEM', async () => {
  await assert.rejects(httpsRequest({ url: 'http://127.0.0.1:1/' }), { code: 'https-protocol' });
  await assert.rejects(ask('/', { ca: pki.caFile }), { code: 'https-tls' });
});

test('an agent keeps its connection, and a read outlives the server closing it', async () => {
  const agent = httpsAgent();
  after(() => agent.destroy());
  let connections = 0;
  const count = () => connections++;
  server.on('secureConnection', count);
  await ask('/', { agent });
  await ask('/', { agent });
  assert.equal(connections, 1);
  server.closeAllConnections();
  assert.equal((await ask('/', { agent })).status, 200);
  server.off('secureConnection', count);
});
