import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestCloud } from '../testing/cloud.ts';
import { computeClient } from '../testing/compute-client.ts';
import { shapeOf, traces } from '../testing/traces.ts';

const cloud = await startTestCloud();
after(() => cloud.stop());
const { ask, demo, post } = await computeClient(cloud);
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILk1JDAvHiuhzrQvmAPrkhpFS6WuLN1veA4y6LVQs+C0 demo\n';

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
