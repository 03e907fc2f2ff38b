import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestCloud } from '../../testing/cloud.ts';
import { computeClient } from '../../testing/compute-client.ts';
import { sameFields, shapeOf, traces } from '../../testing/traces.ts';

const cloud = await startTestCloud();
after(() => cloud.stop());
const { admin, ask, boot, demo, discard, post } = await computeClient(cloud);

const public_key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILk1JDAvHiuhzrQvmAPrkhpFS6WuLN1veA4y6LVQs+C0 demo\n';
await post('/os-keypairs', { keypair: { name: 'kpub', public_key } });

test('a server boots, looks as recorded at 2.92 and at 2.1, and is gone after its delete', async () => {
  const made = await boot('demo1', {
    key_name: 'kpub',
    metadata: { a: 'b' },
    user_data: Buffer.from('#!/bin/sh').toString('base64'),
  });
  assert.equal(made.status, 202);
  sameFields(made.body.server, traces.bodyOf('nova', 'POST', '/v2.1/servers', 202).server, ['adminPass']);
  assert.equal(made.headers['location'], `${cloud.urls.compute}/v2.1/servers/${made.body.server.id}`);
  await cloud.conductor.settled();
  const { id } = made.body.server;
  for (const version of ['2.92', '2.1']) {
    const recorded = traces.bodyOf('nova', 'GET', '/v2.1/servers/{uuid}', 200, version).server;
    const { server } = (await ask(`/servers/${id}`, { version })).body;
    sameFields(server, recorded);
    sameFields(server.flavor, recorded.flavor);
    assert.deepEqual(shapeOf(server.addresses), shapeOf(recorded.addresses));
    assert.equal(server.status, 'ACTIVE');
    const listed = (await ask('/servers/detail', { version })).body.servers[0];
    sameFields(listed, traces.bodyOf('nova', 'GET', '/v2.1/servers/detail', 200, version).servers[0]);
  }
  const [brief] = (await ask('/servers?name=demo1', { version: '2.92' })).body.servers;
  assert.deepEqual(shapeOf(brief), shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/servers?name=demo1', 200).servers[0]));
  const actions = (await ask(`/servers/${id}/os-instance-actions`, { version: '2.92' })).body;
  const recorded = traces.bodyOf('nova', 'GET', '/v2.1/servers/{uuid}/os-instance-actions', 200);
  assert.deepEqual(shapeOf(actions), shapeOf(recorded));
  const decisions = (await ask(`/servers/${id}/os-assay-decisions`)).body.decisions;
  assert.deepEqual([decisions[0].host, decisions[0].hosts], ['node1', [{ host: 'node1', filter: null, reason: null }]]);
  assert.equal((await ask(`/servers/${id}`, { method: 'DELETE' })).status, 204);
  await cloud.conductor.settled();
  const gone = await ask(`/servers/${id}`);
  assert.deepEqual([gone.status, gone.body.itemNotFound.message], [404, `Instance ${id} could not be found.`]);
});

test('a server of another project does not exist; its own project sees it without what is inside the cloud', async () => {
  const mine = (await boot('of-admin')).body.server.id;
  const theirs = (await boot('of-demo', {}, { token: demo })).body.server.id;
  await cloud.conductor.settled();
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/metadata'],
    ['GET', '/os-instance-actions'],
  ] as const)
    assert.equal((await ask(`/servers/${mine}${path}`, { method, token: demo })).status, 404, path);
  assert.equal((await post(`/servers/${mine}/action`, { 'os-stop': null }, { token: demo })).status, 404);
  const { server } = (await ask(`/servers/${theirs}`, { version: '2.92', token: demo })).body;
  const inside = Object.keys(server).filter((name) => name.startsWith('OS-EXT-SRV-ATTR:') || name === 'host_status');
  assert.deepEqual(inside, ['OS-EXT-SRV-ATTR:hostname']);
  assert.equal((await ask(`/servers/${theirs}/os-assay-decisions`, { token: demo })).status, 403);
  const names = async (url: string, token: string) =>
    (await ask(url, { token })).body.servers.map((one: { name: string }) => one.name);
  assert.deepEqual(await names('/servers', demo), ['of-demo']);
  assert.deepEqual(await names('/servers', admin), ['of-admin']);
  assert.deepEqual(await names('/servers/detail?all_tenants=1', admin), ['of-demo', 'of-admin']);
  assert.equal((await ask('/servers/detail?all_tenants=1', { token: demo })).status, 403);
  await discard(mine, theirs);
});

test('only an administrator names the host, and the name goes to the scheduler as a wish', async () => {
  const forced = await boot('forced', { availability_zone: 'nova:node2' });
  assert.equal(forced.status, 202);
  const row = await cloud.db
    .selectFrom('instances')
    .selectAll()
    .where('id', '=', forced.body.server.id)
    .executeTakeFirstOrThrow();
  assert.deepEqual([row.wanted_zone, row.wanted_host], ['nova', 'node2']);
  const refused = await boot('forced', { availability_zone: 'nova:node2' }, { token: demo });
  assert.equal(
    refused.body.forbidden.message,
    "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.",
  );
  await discard(forced.body.server.id);
});

test('stop, start and reboot are taken in the states that allow them', async () => {
  const { id } = (await boot('power')).body.server;
  await cloud.conductor.settled();
  const act = (action: object) => post(`/servers/${id}/action`, action);
  const status = async () => (await ask(`/servers/${id}`)).body.server.status;
  assert.equal(
    (await act({ 'os-start': null })).body.conflictingRequest.message,
    `Cannot 'start' instance ${id} while it is in vm_state active`,
  );
  assert.equal((await act({ 'os-stop': null })).status, 202);
  assert.equal((await act({ 'os-stop': null })).status, 409);
  await cloud.conductor.settled();
  assert.equal(await status(), 'SHUTOFF');
  assert.equal((await act({ 'os-start': null })).status, 202);
  await cloud.conductor.settled();
  const release = cloud.conductor.hold();
  assert.equal((await act({ reboot: { type: 'HARD' } })).status, 202);
  assert.equal(await status(), 'HARD_REBOOT');
  release();
  await cloud.conductor.settled();
  assert.equal(await status(), 'ACTIVE');
  for (const wrong of [{ reboot: {} }, { evacuate: {} }, {}, { 'os-stop': null, 'os-start': null }])
    assert.equal((await act(wrong)).status, 400);
  cloud.conductor.consoles.set(id, 'one\ntwo\nthree');
  assert.equal((await act({ 'os-getConsoleOutput': { length: null } })).body.output, 'one\ntwo\nthree');
  assert.equal((await act({ 'os-getConsoleOutput': { length: '2' } })).body.output, 'two\nthree');
  assert.equal((await act({ 'os-getConsoleOutput': { length: 'x' } })).status, 400);
  await discard(id);
});

test('metadata is set, merged and deleted by key', async () => {
  const { id } = (await boot('meta', { metadata: { a: '1' } })).body.server;
  assert.deepEqual((await post(`/servers/${id}/metadata`, { metadata: { b: '2' } })).body, {
    metadata: { a: '1', b: '2' },
  });
  assert.equal((await ask(`/servers/${id}/metadata/a`, { method: 'DELETE' })).status, 204);
  assert.equal((await ask(`/servers/${id}/metadata/a`)).status, 404);
  assert.deepEqual((await ask(`/servers/${id}/metadata/b`)).body, { meta: { b: '2' } });
  await Promise.all([1, 2, 3, 4].map((n) => post(`/servers/${id}/metadata`, { metadata: { [`k${n}`]: 'x' } })));
  assert.equal(Object.keys((await ask(`/servers/${id}/metadata`)).body.metadata).length, 5);
  await discard(id);
});

test('the reason of a failed boot is for everybody, its details for administrators', async () => {
  const { id } = (await boot('failed', {}, { token: demo })).body.server;
  await cloud.conductor.settled();
  const fault = {
    code: 500,
    message: 'No valid host was found. ',
    details: 'node1: RamFilter',
    created: cloud.clock.now().toISOString(),
  };
  await cloud.db
    .updateTable('instances')
    .set({ vm_state: 'error', fault: JSON.stringify(fault) })
    .where('id', '=', id)
    .execute();
  const seen = async (token: string) => (await ask(`/servers/${id}`, { token })).body.server.fault;
  assert.deepEqual(Object.keys(await seen(demo)), ['code', 'created', 'message']);
  assert.equal((await seen(admin)).details, 'node1: RamFilter');
  await discard(id);
});
