import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startTestCloud, type TestCloud } from '../testing/cloud.ts';
import { shapeOf, traces } from '../testing/traces.ts';
import { registerImage } from './register.ts';

let cloud: TestCloud;
let headers: { 'x-auth-token': string };
before(async () => {
  cloud = await startTestCloud();
  headers = { 'x-auth-token': await cloud.login('demo', 'demo-secret') };
});
after(() => cloud.stop());

const get = async (url: string) => cloud.image.inject({ url, headers });

test('images look as recorded, with kernel and ramdisk named by the image that is booted', async () => {
  const { images } = (await get('/v2/images')).json();
  assert.deepEqual(images.map((one: { name: string }) => one.name).sort(), [
    'assay-mini',
    'assay-mini-kernel',
    'assay-mini-ramdisk',
  ]);
  const mini = (await get(`/v2/images/${cloud.mini.id}`)).json();
  const recorded = traces.bodyOf('glance', 'GET', '/v2/images/{uuid}', 200);
  const { kernel_id, ramdisk_id, virtual_size, owner, ...rest } = mini;
  const { virtual_size: _, owner: __, ...theirs } = recorded;
  assert.deepEqual(shapeOf(rest), shapeOf(theirs));
  const byName = (await get('/v2/images?name=assay-mini')).json().images;
  assert.deepEqual(
    byName.map((one: { id: string }) => one.id),
    [mini.id],
  );
  const [kernel, ramdisk] = [
    (await get(`/v2/images/${kernel_id}`)).json(),
    (await get(`/v2/images/${ramdisk_id}`)).json(),
  ];
  assert.deepEqual(
    [kernel.container_format, ramdisk.container_format, virtual_size, owner],
    ['aki', 'ari', null, null],
  );
});

test('an image is handed out byte by byte, with the digests it was registered under', async () => {
  const { kernel_id } = cloud.mini.properties;
  const shown = (await get(`/v2/images/${kernel_id}`)).json();
  const { rawPayload } = await get(`/v2/images/${kernel_id}/file`);
  assert.equal(rawPayload.toString(), 'a kernel');
  assert.equal(createHash('sha512').update(rawPayload).digest('hex'), shown.os_hash_value);
  assert.equal(createHash('md5').update(rawPayload).digest('hex'), shown.checksum);
  assert.equal((await get(`/v2/images/${cloud.mini.id}/file`)).statusCode, 204);
});

test('versions are 300 and open, everything else needs a token, what is not there is an HTML page', async () => {
  const versions = await cloud.image.inject({ url: '/' });
  assert.equal(versions.statusCode, 300);
  assert.deepEqual(shapeOf(versions.json()), shapeOf(traces.bodyOf('glance', 'GET', '/', 300)));
  assert.equal((await cloud.image.inject({ url: '/v2/images' })).statusCode, 401);
  const absent = await get('/v2/images/%3Cb%3Ecirros');
  assert.equal(absent.statusCode, 404);
  assert.equal(
    absent.body,
    traces.bodyOf('glance', 'GET', '/v2/images/cirros', 404).replace('cirros', '&#60;b&#62;cirros'),
  );
  assert.equal((await cloud.image.inject({ method: 'POST', url: '/v2/images', headers, payload: {} })).statusCode, 501);
});

test('the same files again are the same image; other files make a new one and leave the old to those who know it', async () => {
  const files = { kernelPath: join(cloud.folder, 'kernel'), initrdPath: join(cloud.folder, 'initrd') };
  const directory = join(cloud.folder, 'images');
  const register = () => registerImage(cloud.db, directory, { name: 'assay-mini', ...files }, cloud.clock.now());
  assert.equal((await register()).id, cloud.mini.id);
  writeFileSync(files.kernelPath, 'another kernel');
  const renewed = await register();
  assert.notEqual(renewed.id, cloud.mini.id);
  const byName = (await get('/v2/images?name=assay-mini')).json().images;
  assert.deepEqual(
    byName.map((one: { id: string }) => one.id),
    [renewed.id],
  );
  assert.equal((await get(`/v2/images/${cloud.mini.id}`)).json().os_hidden, true);
  for (const name of readdirSync(directory))
    assert.equal(
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
      name,
    );
  const absent = { name: 'x', kernelPath: join(cloud.folder, 'absent'), initrdPath: files.initrdPath };
  await assert.rejects(registerImage(cloud.db, directory, absent, cloud.clock.now()), { code: 'image-file' });
});
