import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpsRequest } from '@assay/daemon';
import type { Host, HostList } from '@assay/protocol';
import { startTestServer } from '../testing/server.ts';

test('hosts are registered, listed, shown and removed', async (t) => {
  const { call, host } = await startTestServer(t);
  const registered = await call('POST', '/v1/hosts', { name: 'node1', ek_sha256: 'ab'.repeat(32) });
  assert.equal(registered.status, 201);
  const shown = registered.body as Host;
  assert.deepEqual(
    [shown.name, shown.connected, shown.verdict.trust, shown.verdict.reason],
    ['node1', false, 'unknown', 'not attested yet'],
  );
  assert.equal((await call('POST', '/v1/hosts', { name: 'node1' })).status, 409);
  assert.equal((await host('node1')).name, 'node1');
  const list = (await call('GET', '/v1/hosts')).body as HostList;
  assert.deepEqual(
    list.hosts.map(({ name }) => name),
    ['node1'],
  );
  assert.equal((await call('DELETE', '/v1/hosts/node1')).status, 204);
  assert.equal((await call('DELETE', '/v1/hosts/node1')).status, 404);
  assert.equal((await call('GET', '/v1/hosts/node1')).status, 404);
});

test('a host has other names, one of one host, and they are told', async (t) => {
  const { call, host } = await startTestServer(t);
  const registered = await call('POST', '/v1/hosts', { name: 'node1.lab', aliases: ['Node1', '10.0.0.7'] });
  assert.deepEqual((registered.body as Host).aliases, ['10.0.0.7', 'node1']);
  await call('POST', '/v1/hosts', { name: 'node2' });
  assert.equal((await host('node2')).aliases, undefined);
  const put = (name: string, body: unknown) => call('PUT', `/v1/hosts/${name}/aliases`, body);
  for (const taken of ['NODE1', 'node1.lab', '10.0.0.7']) {
    const { status, body } = await put('node2', { aliases: ['free', taken] });
    assert.deepEqual([status, codeOf(body)], [409, 'alias-in-use']);
  }
  assert.equal((await call('POST', '/v1/hosts', { name: 'node1' })).status, 409);
  assert.deepEqual(codeOf((await put('node1.lab', { aliases: [], before: ['node1'] })).body), 'aliases-stale');
  const freed = await put('node1.lab', { aliases: ['node1'], before: ['node1', '10.0.0.7'] });
  assert.deepEqual((freed.body as Host).aliases, ['node1']);
  assert.equal((await put('node2', { aliases: ['10.0.0.7'] })).status, 200);
  assert.equal((await put('node9', { aliases: [] })).status, 404);
  for (const bad of ['', 'a b', 'a,b', 'a\n', 'ü', 'x'.repeat(254)])
    assert.equal((await put('node2', { aliases: [bad] })).status, 400, bad);
  assert.equal((await put('node2', { aliases: Array.from({ length: 33 }, (_, at) => `a${at}`) })).status, 400);
});

test('E19 a host name that is none is refused', async (t) => {
  const { call } = await startTestServer(t);
  for (const name of ['', 'Node1', '../x', 'a b', 'a\nb', 'x'.repeat(300), '__proto__', 5, null])
    assert.equal((await call('POST', '/v1/hosts', { name })).status, 400, String(name));
  for (const path of ['Node1', '..%2fx', '%00', 'x'.repeat(254)])
    assert.equal((await call('GET', `/v1/hosts/${path}`)).status, 400, path);
});

test('what was registered is there after a restart', async (t) => {
  const first = await startTestServer(t);
  await first.call('POST', '/v1/hosts', { name: 'node1' });
  const second = await first.restart();
  assert.equal((await second.host('node1')).verdict.reason, 'not attested yet');
});

test('a host without agent cannot be attested, and nothing is learnt from it', async (t) => {
  const { call } = await startTestServer(t);
  await call('POST', '/v1/hosts', { name: 'node1' });
  const attested = await call('POST', '/v1/hosts/node1/attest');
  assert.deepEqual([attested.status, codeOf(attested.body)], [503, 'attest-unavailable']);
  assert.equal((await call('POST', '/v1/hosts/node9/attest')).status, 404);
  const learnt = await call('POST', '/v1/reference/learn', { host: 'node1' });
  assert.deepEqual([learnt.status, codeOf(learnt.body)], [503, 'attest-unavailable']);
  const ticket = await call('POST', '/v1/tickets', {
    instance_id: '7f0f5a5e-0f3e-4a57-9c6d-3f3e0c9f6a11',
    host: 'node1',
  });
  assert.deepEqual([ticket.status, codeOf(ticket.body)], [409, 'ticket-refused']);
  assert.deepEqual((await call('GET', '/v1/reference')).body, { values: [] });
});

test('health and keys are told to anybody', async (t) => {
  const { url, ca } = await startTestServer(t);
  const health = await httpsRequest({ url: `${url}/v1/health`, ca });
  assert.deepEqual(JSON.parse(health.body.toString()), { status: 'ok' });
  const keys = JSON.parse((await httpsRequest({ url: `${url}/v1/keys`, ca })).body.toString());
  assert.deepEqual(Object.keys(keys.keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
});

const codeOf = (body: unknown) => (body as { error: { code: string } }).error.code;
