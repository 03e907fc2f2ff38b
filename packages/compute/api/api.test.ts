import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestCloud } from '../testing/cloud.ts';
import { computeClient } from '../testing/compute-client.ts';
import { shapeOf, traces } from '../testing/traces.ts';

const cloud = await startTestCloud();
after(() => cloud.stop());
const { ask, boot, demo } = await computeClient(cloud);

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

test('a null character anywhere is refused before it reaches a database', async () => {
  assert.equal((await ask('/servers/%00')).status, 400);
  assert.equal((await ask('/servers?name=%00')).status, 400);
  assert.equal((await boot('nul', { metadata: { a: 'x\u0000' } })).status, 400);
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
