import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { choosePorts, defaultPorts, portNames, userOf } from './ports.ts';

test('automatic ports are free, all different, and remembered ones are kept while they are free', async () => {
  const first = await choosePorts(undefined, true);
  assert.equal(new Set(Object.values(first)).size, portNames.length);
  assert.deepEqual(await choosePorts(first, true), first);
});

test('a taken port is told with its number, its user and what to do; automatic ports go round it', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  assert.equal(userOf(port)?.pid, process.pid);
  const free = await choosePorts(undefined, true);
  await assert.rejects(choosePorts({ ...free, compute: port }, false), {
    code: 'lab-port-in-use',
    where: `port ${port} on 127.0.0.1`,
    message: new RegExp(`pid ${process.pid}.*--ports auto`),
  });
  const chosen = await choosePorts({ ...free, compute: port }, true);
  assert.notEqual(chosen.compute, port);
  assert.equal(chosen.identity, free.identity);
});

test('the ports are those operators know', () => {
  assert.deepEqual(defaultPorts, {
    attestation: 8443,
    oat: 8181,
    identity: 5000,
    image: 9292,
    compute: 8774,
    metadata: 8775,
    link: 8780,
  });
});
