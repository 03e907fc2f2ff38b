import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestCloud, type TestCloud } from '../testing/cloud.ts';
import { shapeOf, traces } from '../testing/traces.ts';

let cloud: TestCloud;
let admin: string;
let demo: string;
before(async () => {
  cloud = await startTestCloud();
  [admin, demo] = [await cloud.login('admin', 'secret'), await cloud.login('demo', 'demo-secret')];
});
after(() => cloud.stop());

type Asked = {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  payload?: object | string;
  version?: string;
  token?: string;
};

// biome-ignore lint/suspicious/noExplicitAny: JSON of every shape
type Answered = { status: number; headers: Record<string, unknown>; body: any };

async function ask(url: string, { method = 'GET', payload, version, token = admin }: Asked = {}): Promise<Answered> {
  const answer = await cloud.compute.inject({
    method,
    url: `/v2.1${url}`,
    headers: {
      'x-auth-token': token,
      ...(version && { 'openstack-api-version': `compute ${version}`, 'x-openstack-nova-api-version': version }),
      ...(payload !== undefined && { 'content-type': 'application/json' }),
    },
    ...(payload !== undefined && { payload }),
  });
  const json = answer.headers['content-type']?.startsWith('application/json');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: json && answer.body ? answer.json() : answer.body,
  };
}

const post = (url: string, payload: object, more: Asked = {}) => ask(url, { method: 'POST', payload, ...more });
const boot = (name: string, more: object = {}, asked: Asked = {}) =>
  post(
    '/servers',
    { server: { name, imageRef: cloud.mini.id, flavorRef: '1', networks: 'auto', ...more } },
    { version: '2.92', ...asked },
  );
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILk1JDAvHiuhzrQvmAPrkhpFS6WuLN1veA4y6LVQs+C0 demo\n';

/** Fields that are null here and text there (or the other way round) are no difference of shape. */
function sameFields(ours: object, theirs: object, except: string[] = []) {
  const fields = (of: object) =>
    Object.keys(of)
      .filter((name) => !except.includes(name))
      .sort();
  assert.deepEqual(fields(ours), fields(theirs));
  for (const name of fields(theirs)) {
    const [mine, recorded] = [ours, theirs].map((of) => (of as Record<string, unknown>)[name]);
    if (mine === null || recorded === null) continue;
    assert.equal(typeof mine, typeof recorded, name);
    assert.equal(Array.isArray(mine), Array.isArray(recorded), name);
  }
}

test('versions are told without a token, everything else needs one', async () => {
  const root = await cloud.compute.inject({ url: '/v2.1' });
  assert.equal(root.json().version.version, '2.93');
  const refused = await cloud.compute.inject({ url: '/v2.1/servers' });
  assert.equal(refused.statusCode, 401);
  assert.deepEqual(refused.json(), traces.bodyOf('nova', 'GET', '/v2.1/servers', 401));
  assert.equal(refused.headers['www-authenticate'], `Keystone uri="${cloud.urls.identity}/v3"`);
});

test('a version is told back, and one we do not have is refused in Nova’s words', async () => {
  const { headers } = await ask('/flavors', { version: '2.92' });
  assert.equal(headers['openstack-api-version'], 'compute 2.92');
  assert.equal(headers['x-openstack-nova-api-version'], '2.92');
  assert.equal(headers['x-compute-request-id'], headers['x-openstack-request-id']);
  assert.equal((await ask('/flavors', { version: 'latest' })).headers['openstack-api-version'], 'compute 2.93');
  assert.equal((await ask('/flavors')).headers['openstack-api-version'], 'compute 2.1');
  const tooNew = await ask('/flavors', { version: '2.999' });
  assert.equal(tooNew.status, 406);
  assert.deepEqual(tooNew.body, traces.bodyOf('nova', 'GET', '/v2.1/flavors', 406));
  const nonsense = await ask('/flavors', { version: 'abc' });
  assert.deepEqual(nonsense.body, traces.bodyOf('nova', 'GET', '/v2.1/flavors', 400));
});

test('what is no route is an HTML page, what is no JSON is told', async () => {
  const unknown = await ask('/nonexistent');
  assert.equal(unknown.status, 404);
  assert.match(String(unknown.headers['content-type']), /^text\/html/);
  assert.equal((await ask('/servers', { method: 'PUT', payload: {} })).status, 404);
  const malformed = await ask('/flavors', { method: 'POST', payload: '{bad' });
  assert.deepEqual(malformed.body, { badRequest: { code: 400, message: 'Malformed request body' } });
});

test('flavors look as recorded at 2.92 and at 2.61', async () => {
  for (const version of ['2.92', '2.61']) {
    const path = version === '2.61' ? '/v2.1/flavors/detail?is_public=True' : '/v2.1/flavors/detail';
    const { flavors } = (await ask('/flavors/detail?is_public=True', { version })).body;
    const recorded = traces.bodyOf('nova', 'GET', path, 200, version).flavors[0];
    assert.deepEqual(shapeOf(flavors[0]), shapeOf(recorded));
    assert.equal(flavors[0].swap, recorded.swap);
  }
  const [brief] = (await ask('/flavors?is_public=None', { version: '2.92' })).body.flavors;
  assert.deepEqual(
    shapeOf(brief),
    shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/flavors?is_public=None', 200).flavors[0]),
  );
  assert.deepEqual(Object.keys((await ask('/flavors')).body.flavors[0]), ['id', 'name', 'links']);
});

test('a flavor is made once, seen by its id and never by its name, and deleted', async () => {
  const flavor = {
    name: 'x1.trusted',
    ram: 512,
    vcpus: 1,
    disk: 1,
    id: 'x1',
    swap: 0,
    'OS-FLV-EXT-DATA:ephemeral': 0,
    rxtx_factor: 1.0,
    'os-flavor-access:is_public': true,
  };
  const made = await post('/flavors', { flavor }, { version: '2.92' });
  assert.equal(made.status, 200);
  assert.deepEqual(shapeOf(made.body), shapeOf(traces.bodyOf('nova', 'POST', '/v2.1/flavors', 200, '2.92')));
  const again = await post('/flavors', { flavor });
  assert.deepEqual([again.status, again.body.conflictingRequest.message], [409, 'Flavor with ID x1 already exists.']);
  assert.deepEqual(
    (await ask('/flavors/x1.trusted')).body,
    traces.bodyOf('nova', 'GET', '/v2.1/flavors/x1.trusted', 404),
  );
  const refused = await post('/flavors', { flavor }, { token: demo });
  assert.equal(
    refused.body.forbidden.message,
    "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed.",
  );
  assert.equal((await ask('/flavors/x1', { method: 'DELETE' })).status, 202);
  assert.equal((await ask('/flavors/x1')).status, 404);
  for (const wrong of [{ ram: 0 }, { ram: 'many' }, { vcpus: null }, { name: '' }, { name: ' x' }, { extra: 1 }])
    assert.equal((await post('/flavors', { flavor: { ...flavor, ...wrong } })).status, 400, JSON.stringify(wrong));
});

test('trust:trusted_host takes its three values and no other; other keys are taken as Nova takes them', async () => {
  const specs = '/flavors/2/os-extra_specs';
  const set = await post(specs, { extra_specs: { 'trust:trusted_host': 'trusted' } }, { version: '2.92' });
  assert.deepEqual([set.status, set.body], [200, { extra_specs: { 'trust:trusted_host': 'trusted' } }]);
  for (const value of ['Trusted', 'true', 'trusted ', '', 1]) {
    const wrong = await post(specs, { extra_specs: { 'trust:trusted_host': value } });
    assert.equal(wrong.status, 400);
    assert.match(wrong.body.badRequest.message, /trust:trusted_host.*trusted, untrusted, unknown/);
    const put = await ask(`${specs}/trust:trusted_host`, { method: 'PUT', payload: { 'trust:trusted_host': value } });
    assert.equal(put.status, 400);
  }
  assert.equal((await post(specs, { extra_specs: { 'trust:nonsense': 'x', trusted_host: 'y' } })).status, 200);
  assert.equal((await ask(`${specs}/trust:trusted_host`)).body['trust:trusted_host'], 'trusted');
  assert.equal((await post(specs, { extra_specs: { 'a/b': '1' } })).status, 400);
  assert.equal((await post(specs, { extra_specs: { a: true } })).status, 400);
  assert.equal((await ask(`${specs}/trust:trusted_host`, { method: 'DELETE' })).status, 200);
  const absent = await ask(`${specs}/trust:trusted_host`, { method: 'DELETE' });
  assert.deepEqual(absent.body.itemNotFound.message, 'Flavor 2 has no extra specs with key trust:trusted_host.');
  assert.equal((await post(specs, { extra_specs: { a: 'b' } }, { token: demo })).status, 403);
});

test('keypairs look as recorded, belong to their user, and a second of the same name is refused', async () => {
  const made = await post(
    '/os-keypairs',
    { keypair: { name: 'kpub', type: 'ssh', public_key: key } },
    { version: '2.92' },
  );
  assert.equal(made.status, 201);
  const recorded = traces.bodyOf('nova', 'POST', '/v2.1/os-keypairs', 201, '2.92');
  assert.deepEqual(shapeOf(made.body), shapeOf(recorded));
  assert.equal(made.body.keypair.fingerprint, recorded.keypair.fingerprint);
  const shown = (await ask('/os-keypairs/kpub', { version: '2.92' })).body;
  assert.deepEqual(shapeOf(shown), shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/os-keypairs/kpub', 200)));
  const list = (await ask('/os-keypairs', { version: '2.92' })).body;
  assert.deepEqual(shapeOf(list), shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/os-keypairs', 200)));
  assert.deepEqual((await ask('/os-keypairs', { token: demo })).body, { keypairs: [] });
  const again = await post('/os-keypairs', { keypair: { name: 'kpub', public_key: key } });
  assert.deepEqual([again.status, again.body.conflictingRequest.message], [409, "Key pair 'kpub' already exists."]);
  assert.deepEqual(
    (await post('/os-keypairs', { keypair: { name: 'a', extra: 1 } })).body,
    traces.bodyOf('nova', 'POST', '/v2.1/os-keypairs', 400),
  );
  for (const public_key of ['', 'ssh-rsa AAAA', `${key}${key}`, key.replace('ed25519 ', 'rsa ')])
    assert.equal((await post('/os-keypairs', { keypair: { name: 'bad', public_key } })).status, 400);
  assert.equal((await post('/os-keypairs', { keypair: { name: '../x', public_key: key } })).status, 400);
});

test('before 2.92 the server makes a key when none is given, from 2.92 it refuses', async () => {
  const made = await post('/os-keypairs', { keypair: { name: 'kgen' } }, { version: '2.10', token: demo });
  assert.equal(made.status, 201);
  assert.match(made.body.keypair.private_key, /^-----BEGIN RSA PRIVATE KEY-----/);
  assert.match(made.body.keypair.public_key, /^ssh-rsa AAAAB3NzaC1yc2E/);
  const refused = await post(
    '/os-keypairs',
    { keypair: { name: 'k2', type: 'ssh', public_key: null } },
    { version: '2.92', token: demo },
  );
  assert.equal(
    refused.body.badRequest.message,
    "Invalid input for field/attribute public_key. Value: None. None is not of type 'string'",
  );
  assert.equal((await ask('/os-keypairs/kgen', { method: 'DELETE', version: '2.92', token: demo })).status, 204);
});

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
  for (const id of [mine, theirs]) await ask(`/servers/${id}`, { method: 'DELETE' });
  await cloud.conductor.settled();
});

test('trust is frozen at boot, and a flavor whose demand cannot be read boots nothing', async () => {
  await post('/flavors/3/os-extra_specs', { extra_specs: { 'trust:trusted_host': 'trusted' } });
  const { id } = (await boot('frozen', { flavorRef: '3' })).body.server;
  await ask('/flavors/3/os-extra_specs/trust:trusted_host', { method: 'DELETE' });
  const row = await cloud.db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  assert.equal(row.trust, 'trusted');
  await cloud.db
    .insertInto('flavor_extra_specs')
    .values({ flavor_id: '3', key: 'trust:trusted_host', value: 'TRUSTED' })
    .execute();
  const refused = await boot('unreadable', { flavorRef: '3' });
  assert.equal(refused.status, 400);
  assert.match(refused.body.badRequest.message, /trust:trusted_host/);
  await cloud.db.deleteFrom('flavor_extra_specs').where('flavor_id', '=', '3').execute();
  await ask(`/servers/${id}`, { method: 'DELETE' });
  await cloud.conductor.settled();
});

test('what a boot cannot have is refused before anything is stored', async () => {
  const refused: [object, number, RegExp][] = [
    [{ key_name: 'absent' }, 400, /^Invalid key_name provided\.$/],
    [{ flavorRef: 'nope' }, 400, /^Flavor nope could not be found\.$/],
    [{ imageRef: '11111111-1111-4111-8111-111111111111' }, 400, /^Can not find requested image$/],
    [{ imageRef: cloud.mini.properties['kernel_id'] }, 400, /unacceptable/],
    [{ networks: 'none' }, 400, /auto/],
    [{ networks: [{ uuid: 'x' }] }, 400, /auto/],
    [{ availability_zone: 'mars' }, 400, /zone/],
    [{ availability_zone: 'nova:node9' }, 400, /node9/],
    [{ min_count: 3, max_count: 2 }, 400, /min_count/],
    [{ user_data: 'not base64!' }, 400, /base64/],
    [{ metadata: { a: 1 } }, 400, /not of type 'string'/],
    [{ metadata: { 'a/b': 'x' } }, 400, /metadata/],
    [{ name: 'a\nb' }, 400, /name/],
    [{ personality: [{ path: '/etc/x', contents: '' }] }, 400, /personality/],
    [{ max_count: 11 }, 403, /^Quota exceeded for instances: Requested 11, but already used 0 of 10 instances$/],
  ];
  for (const [wrong, status, message] of refused) {
    const answer = await boot('refused', wrong);
    assert.equal(answer.status, status, JSON.stringify(wrong));
    assert.match((answer.body.badRequest ?? answer.body.forbidden).message, message);
  }
  const hints = await post('/servers', {
    server: { name: 'h', imageRef: cloud.mini.id, flavorRef: '1' },
    'os:scheduler_hints': { group: 'x' },
  });
  assert.equal(hints.status, 400);
  assert.deepEqual((await ask('/servers')).body.servers, []);
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
  await ask(`/servers/${forced.body.server.id}`, { method: 'DELETE' });
  await cloud.conductor.settled();
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
  await ask(`/servers/${id}`, { method: 'DELETE' });
  await cloud.conductor.settled();
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
  await ask(`/servers/${id}`, { method: 'DELETE' });
  await cloud.conductor.settled();
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
  await ask(`/servers/${id}`, { method: 'DELETE' });
  await cloud.conductor.settled();
});

test('hosts look as recorded, as services, hypervisors and zones; a disabled one says why', async () => {
  const services = (await ask('/os-services', { version: '2.92' })).body.services;
  assert.deepEqual(shapeOf(services), shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/os-services', 200, '2.92').services));
  const disabled = await ask(`/os-services/${services[1].id}`, {
    method: 'PUT',
    version: '2.69',
    payload: { status: 'disabled', disabled_reason: 'maint' },
  });
  assert.deepEqual(shapeOf(disabled.body), shapeOf(traces.bodyOf('nova', 'PUT', '/v2.1/os-services/{uuid}', 200)));
  assert.deepEqual(
    (await ask('/os-services', { token: demo })).body,
    traces.bodyOf('nova', 'GET', '/v2.1/os-services', 403),
  );
  const list = (await ask('/os-hypervisors', { version: '2.92' })).body.hypervisors;
  assert.deepEqual(shapeOf(list[0]), shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/os-hypervisors', 200).hypervisors[0]));
  assert.equal(list[1].status, 'disabled');
  const shown = (await ask(`/os-hypervisors/${list[0].id}`, { version: '2.92' })).body.hypervisor;
  assert.deepEqual(
    shapeOf(shown),
    shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/os-hypervisors/{uuid}', 200).hypervisor),
  );
  const old = (await ask('/os-hypervisors/detail', { version: '2.1' })).body.hypervisors[0];
  assert.deepEqual(
    shapeOf(old),
    shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/os-hypervisors/detail', 200, '2.1').hypervisors[0]),
  );
  const byName = await ask('/os-hypervisors/fake1', { version: '2.92' });
  assert.deepEqual(
    [byName.status, byName.body],
    [400, traces.bodyOf('nova', 'GET', '/v2.1/os-hypervisors/fake1', 400)],
  );
  const zones = (await ask('/os-availability-zone/detail', { version: '2.92' })).body.availabilityZoneInfo;
  assert.deepEqual(zones[0].zoneState, { available: true });
  assert.deepEqual(Object.keys(zones[0].hosts), ['node1', 'node2']);
  await ask(`/os-services/${services[1].id}`, { method: 'PUT', version: '2.69', payload: { status: 'enabled' } });
});

test('a null character anywhere is refused before it reaches a database', async () => {
  assert.equal((await ask('/servers/%00')).status, 400);
  assert.equal((await ask('/servers?name=%00')).status, 400);
  assert.equal((await boot('nul', { metadata: { a: 'x\u0000' } })).status, 400);
});

test('limits and quotas look as recorded, and a lowered quota holds at once', async () => {
  for (const version of ['2.92', '2.1'])
    assert.deepEqual(
      shapeOf((await ask('/limits', { version })).body),
      shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/limits', 200, version)),
    );
  const project = await cloud.db
    .selectFrom('projects')
    .selectAll()
    .where('name', '=', 'demo')
    .executeTakeFirstOrThrow();
  for (const version of ['2.92', '2.1'])
    assert.deepEqual(
      shapeOf((await ask(`/os-quota-sets/${project.id}`, { version })).body),
      shapeOf(traces.bodyOf('nova', 'GET', '/v2.1/os-quota-sets/{id}', 200, version)),
    );
  await ask(`/os-quota-sets/${project.id}`, { method: 'PUT', payload: { quota_set: { instances: 0 } } });
  assert.equal((await boot('none', {}, { token: demo })).status, 403);
  assert.equal(
    (
      await ask(`/os-quota-sets/${project.id}`, {
        method: 'PUT',
        token: demo,
        payload: { quota_set: { instances: 5 } },
      })
    ).status,
    403,
  );
});
