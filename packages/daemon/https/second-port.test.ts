import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createLog } from '../log.ts';
import { testPki } from '../testing/pki.ts';
import { httpsAgent, httpsRequest } from './client.ts';
import { listenAlso } from './second-port.ts';
import { createHttpsServer, listen } from './server.ts';

const pki = testPki();
const own = pki.issue('server', 'DNS:localhost,IP:127.0.0.1');
const host = '127.0.0.1';
const option = '[api] second_port';

async function onTwoPorts(limits = {}) {
  const server = createHttpsServer({
    ...{ ...own, clientCertificate: 'none', log: createLog('test', 'silent'), bodyLimit: 1_000, limits },
  });
  server.post('/size', async (request) => ({ size: JSON.stringify(request.body).length }));
  server.server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  const first = await listen(server, { host, port: 0 });
  const second = await listenAlso(server, { host, port: 0, option });
  const close = async () => {
    const closed = second.close();
    await first.close();
    await closed;
  };
  return { ports: [first.port, second.port], close };
}

test('both ports have the same certificate, routes and limits', async (t) => {
  const { ports, close } = await onTwoPorts({ handshakeMs: 200 });
  t.after(close);
  for (const port of ports) {
    const ask = (body: unknown) =>
      httpsRequest({ url: `https://${host}:${port}/size`, method: 'POST', ca: pki.ca, body });
    assert.equal(String((await ask({ a: 1 })).body), '{"size":7}');
    assert.equal((await ask({ a: 'x'.repeat(2_000) })).status, 413);
    const silent = connectPlain({ host, port });
    await once(silent, 'close'); // who says nothing is not waited for
  }
});

test('closing ends what came by the second port too: idle connections, upgraded ones, a handshake', async () => {
  const { ports, close } = await onTwoPorts();
  const port = ports[1] ?? 0;
  const agent = httpsAgent();
  await httpsRequest({ url: `https://${host}:${port}/size`, method: 'POST', ca: pki.ca, body: {}, agent });
  const upgraded = connect({ host, port, ca: pki.ca });
  upgraded.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  await once(upgraded, 'data');
  const silent = connectPlain({ host, port });
  await once(silent, 'connect');
  for (const socket of [upgraded, silent]) socket.on('error', () => undefined);
  await Promise.all([close(), once(upgraded, 'close'), once(silent, 'close')]);
  agent.destroy();
  const late = connectPlain({ host, port });
  assert.equal(((await once(late, 'error')) as [NodeJS.ErrnoException])[0].code, 'ECONNREFUSED');
});

test('a port that is taken is an error that names its option', async (t) => {
  const other = createServer().listen(0, host);
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const server = createHttpsServer({ ...own, clientCertificate: 'none', log: createLog('test', 'silent') });
  const { close } = await listen(server, { host, port: 0 });
  t.after(close);
  await assert.rejects(listenAlso(server, { host, port, option }), {
    code: 'listen-in-use',
    where: `[api] second_port (${host} port ${port})`,
  });
});
