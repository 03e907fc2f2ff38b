import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestCloud } from '../../testing/cloud.ts';
import { computeClient } from '../../testing/compute-client.ts';

const cloud = await startTestCloud();
after(() => cloud.stop());
const { ask, boot, discard, post } = await computeClient(cloud);

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

test('trust is frozen at boot, and a flavor whose demand cannot be read boots nothing', async () => {
  await post('/flavors/3/os-extra_specs', { extra_specs: { 'trust:trusted_host': 'trusted' } });
  await post('/flavors/3/os-extra_specs', { extra_specs: { 'trust:pool': 'secure' } });
  const { id } = (await boot('frozen', { flavorRef: '3' })).body.server;
  for (const key of ['trust:trusted_host', 'trust:pool'])
    await ask(`/flavors/3/os-extra_specs/${key}`, { method: 'DELETE' });
  const row = await cloud.db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  assert.deepEqual([row.trust, row.pool], ['trusted', 'secure']);
  await cloud.db
    .insertInto('flavor_extra_specs')
    .values({ flavor_id: '3', key: 'trust:trusted_host', value: 'TRUSTED' })
    .execute();
  const refused = await boot('unreadable', { flavorRef: '3' });
  assert.equal(refused.status, 400);
  assert.match(refused.body.badRequest.message, /trust:trusted_host/);
  await cloud.db.updateTable('flavor_extra_specs').set({ key: 'trust:pool', value: 'Secure' }).execute();
  assert.match((await boot('unreadable', { flavorRef: '3' })).body.badRequest.message, /trust:pool/);
  await cloud.db.deleteFrom('flavor_extra_specs').where('flavor_id', '=', '3').execute();
  await discard(id);
});

test('a pool alone asks for hosts that are trusted in it; with trust:trusted_host that one says how', async () => {
  const frozen = async (extra_specs: Record<string, string>) => {
    await post('/flavors/3/os-extra_specs', { extra_specs });
    const { id } = (await boot('pooled', { flavorRef: '3' })).body.server;
    const row = await cloud.db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    await discard(id);
    return [row.trust, row.pool];
  };
  assert.deepEqual(await frozen({ 'trust:pool': 'secure' }), ['trusted', 'secure']);
  assert.deepEqual(await frozen({ 'trust:trusted_host': 'untrusted' }), ['untrusted', 'secure']);
  await ask('/flavors/3/os-extra_specs/trust:pool', { method: 'DELETE' });
  assert.deepEqual(await frozen({ 'trust:trusted_host': 'trusted' }), ['trusted', null]);
  await ask('/flavors/3/os-extra_specs/trust:trusted_host', { method: 'DELETE' });
  assert.deepEqual(await frozen({ other: 'x' }), [null, null]);
});

test('tags alone ask for trusted hosts, and are frozen at boot', async () => {
  const specs = '/flavors/3/os-extra_specs';
  const extra_specs = { 'trust:tag:country': '<or> DE <or> AT', 'trust:tag:zone': 'fra1' };
  await post(specs, { extra_specs });
  const { id } = (await boot('tagged', { flavorRef: '3' })).body.server;
  await post(specs, { extra_specs: { 'trust:trusted_host': 'unknown' } });
  const refused = await boot('contradicted', { flavorRef: '3' });
  assert.deepEqual([refused.status, /ask for trusted hosts/.test(refused.body.badRequest.message)], [400, true]);
  for (const key of ['trust:trusted_host', ...Object.keys(extra_specs)])
    await ask(`${specs}/${key}`, { method: 'DELETE' });
  const row = await cloud.db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  assert.deepEqual([row.trust, row.pool], ['trusted', null]);
  assert.deepEqual(JSON.parse(row.trust_tags ?? ''), { country: ['DE', 'AT'], zone: ['fra1'] });
  await discard(id);
});
