import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestCloud } from '../testing/cloud.ts';
import { computeClient } from '../testing/compute-client.ts';
import { shapeOf, traces } from '../testing/traces.ts';

const cloud = await startTestCloud();
after(() => cloud.stop());
const { ask, demo, post } = await computeClient(cloud);

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

test('S14 a key that only looks like the one that asks for trust is refused', async () => {
  const specs = '/flavors/2/os-extra_specs';
  for (const key of [
    'Trust:trusted_host',
    'trust:trusted_host ',
    ' trust:trusted_host',
    'trust:trusted_hosts',
    'trusted_host',
    'trust:pools',
    'Trust:pool',
    'trust:pool ',
    'trust_pool',
    'trust:tag',
    'trust:tag:',
    'trust:tag: country',
    'trust:tag:country ',
    'trust:Tag:country',
    'trust:tags:country',
    'trust_tag:country',
    'trust:tag:_country',
  ]) {
    const refused = await post(specs, { extra_specs: { [key]: 'trusted' } });
    assert.equal(refused.status, 400, key);
    assert.match(refused.body.badRequest.message, /only 'trust:trusted_host', 'trust:pool' and 'trust:tag:NAME' do\./);
  }
  assert.deepEqual((await ask(specs)).body, { extra_specs: {} });
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
  assert.equal((await post(specs, { extra_specs: { 'hw:trust': 'x', entrusted: 'y' } })).status, 200);
  assert.equal((await ask(`${specs}/trust:trusted_host`)).body['trust:trusted_host'], 'trusted');
  assert.equal((await post(specs, { extra_specs: { 'a/b': '1' } })).status, 400);
  assert.equal((await post(specs, { extra_specs: { a: true } })).status, 400);
  assert.equal((await ask(`${specs}/trust:trusted_host`, { method: 'DELETE' })).status, 200);
  const absent = await ask(`${specs}/trust:trusted_host`, { method: 'DELETE' });
  assert.deepEqual(absent.body.itemNotFound.message, 'Flavor 2 has no extra specs with key trust:trusted_host.');
  assert.equal((await post(specs, { extra_specs: { a: 'b' } }, { token: demo })).status, 403);
});

test('trust:pool takes the name of a pool and nothing else', async () => {
  const specs = '/flavors/2/os-extra_specs';
  const named = await post(specs, { extra_specs: { 'trust:pool': 'secure-1.a' } });
  assert.deepEqual([named.status, named.body], [200, { extra_specs: { 'trust:pool': 'secure-1.a' } }]);
  for (const value of ['', 'Secure', ' secure', 'se cure', 'secure-', '../x', 'x'.repeat(64), 'secure\n', -1]) {
    const wrong = await post(specs, { extra_specs: { 'trust:pool': value } });
    assert.equal(wrong.status, 400, String(value));
    assert.match(wrong.body.badRequest.message, /trust:pool.*is no name of a pool/s);
    const put = await ask(`${specs}/trust:pool`, { method: 'PUT', payload: { 'trust:pool': value } });
    assert.equal(put.status, 400);
  }
  assert.equal((await ask(`${specs}/trust:pool`)).body['trust:pool'], 'secure-1.a');
  assert.equal((await ask(`${specs}/trust:pool`, { method: 'DELETE' })).status, 200);
});

test('trust:tag:NAME takes the value of a tag, or alternatives as Nova writes them, and nothing else', async () => {
  const specs = '/flavors/2/os-extra_specs';
  for (const value of ['DE', '<or> DE <or> AT', '<or> New York <or> Köln', 'a<b'])
    assert.equal((await post(specs, { extra_specs: { 'trust:tag:country': value } })).status, 200, value);
  const bad = [
    '',
    ' DE',
    'DE ',
    'D\nE',
    '<or>',
    '<or> DE <or>',
    'DE <or> AT',
    '<in> DE',
    '<all-in> DE',
    's== DE',
    '= 1',
    '!= x',
  ];
  for (const value of bad) {
    const wrong = await post(specs, { extra_specs: { 'trust:tag:country': value } });
    assert.equal(wrong.status, 400, value);
    assert.match(wrong.body.badRequest.message, /trust:tag:NAME takes/);
    const put = await ask(`${specs}/trust:tag:country`, { method: 'PUT', payload: { 'trust:tag:country': value } });
    assert.equal(put.status, 400);
  }
  const both = await post(specs, { extra_specs: { 'trust:tag:country': 'DE', 'trust:trusted_host': 'unknown' } });
  assert.match(both.body.badRequest.message, /ask for trusted hosts/);
  assert.equal((await ask(`${specs}/trust:tag:country`)).body['trust:tag:country'], 'a<b');
  assert.equal((await ask(`${specs}/trust:tag:country`, { method: 'DELETE' })).status, 200);
});
