import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eachDatabase } from '@assay/daemon/testing';
import { bootstrap } from './bootstrap.ts';
import { passwordFits } from './identity/passwords.ts';
import { registerImage } from './image/register.ts';
import { allFlavors, deleteExtraSpec, deleteFlavor, flavorById, setExtraSpecs } from './storage/flavors.ts';
import { isRevoked, projectsOf, revokeToken, rolesOf, userByName } from './storage/identity.ts';
import { allImages, bootFilesOf } from './storage/images.ts';
import { deleteKeypair, insertKeypair, keypairsOf } from './storage/keypairs.ts';
import { openStorage } from './storage/open.ts';
import { quotasOf, setQuotas } from './storage/quotas.ts';

const now = new Date('2026-11-23T10:00:00.000Z');

eachDatabase('a second bootstrap changes passwords and nothing else', async (url) => {
  const db = await openStorage(url);
  try {
    await bootstrap(db, { adminPassword: 'one', demoPassword: 'demo' }, now);
    const before = await userByName(db, 'admin');
    await setExtraSpecs(db, '1', { 'trust:trusted_host': 'trusted' });
    await bootstrap(db, { adminPassword: 'two', demoPassword: 'demo' }, now);
    const user = await userByName(db, 'admin');
    assert.equal(user?.id, before?.id);
    assert.equal(await passwordFits('two', user?.password_hash), true);
    const [project] = await projectsOf(db, user?.id ?? '');
    assert.deepEqual(
      (await rolesOf(db, user?.id ?? '', project?.id ?? '')).map((role) => role.name),
      ['admin', 'member', 'reader'],
    );
    assert.deepEqual((await flavorById(db, '1'))?.extra_specs, { 'trust:trusted_host': 'trusted' });
    assert.equal((await allFlavors(db)).length, 3);
  } finally {
    await db.destroy();
  }
});

eachDatabase('flavors, keys, quotas and revoked tokens come and go', async (url) => {
  const db = await openStorage(url);
  try {
    await bootstrap(db, { adminPassword: 'one' }, now);
    await setExtraSpecs(db, '1', { a: '1', b: '2' });
    await setExtraSpecs(db, '1', { b: '3' });
    assert.equal(await deleteExtraSpec(db, '1', 'a'), true);
    assert.equal(await deleteExtraSpec(db, '1', 'a'), false);
    assert.deepEqual((await allFlavors(db))[0]?.extra_specs, { b: '3' });
    assert.equal(await deleteFlavor(db, '1'), true);
    assert.equal(await deleteFlavor(db, '1'), false);

    const key = (name: string) => ({
      user_id: 'u',
      name,
      type: 'ssh' as const,
      public_key: 'k',
      fingerprint: 'f',
      created_at: now.toISOString(),
    });
    const made = await Promise.all(['a', 'b', 'c'].map((name) => insertKeypair(db, key(name), 2)));
    assert.equal(made.filter((one) => one === undefined).length, 1);
    await assert.rejects(insertKeypair(db, key((await keypairsOf(db, 'u'))[0]?.name ?? ''), -1), {
      code: 'storage-exists',
    });
    assert.equal(await deleteKeypair(db, 'u', 'x'), false);

    await setQuotas(db, 'p', { instances: 3 });
    await setQuotas(db, 'p', { instances: 4, cores: -1 });
    const { instances, cores, ram } = await quotasOf(db, 'p');
    assert.deepEqual([instances, cores, ram], [4, -1, 51200]);

    await revokeToken(db, 't1', new Date(now.getTime() + 1000), now);
    await revokeToken(db, 't1', new Date(now.getTime() + 1000), now);
    await revokeToken(db, 't2', new Date(now.getTime() + 9000), new Date(now.getTime() + 2000));
    assert.deepEqual([await isRevoked(db, 't1'), await isRevoked(db, 't2')], [false, true]);
  } finally {
    await db.destroy();
  }
});

eachDatabase('an image is registered with its kernel and ramdisk', async (url) => {
  const db = await openStorage(url);
  const folder = mkdtempSync(join(tmpdir(), 'assay-image-'));
  try {
    const [kernelPath, initrdPath] = [join(folder, 'kernel'), join(folder, 'initrd')];
    writeFileSync(kernelPath, 'kernel');
    writeFileSync(initrdPath, Buffer.alloc(300_000, 7));
    const image = await registerImage(db, join(folder, 'images'), { name: 'mini', kernelPath, initrdPath }, now);
    const { kernel_id, ramdisk_id } = image.properties;
    assert.equal((await bootFilesOf(db, { kernel_id, ramdisk_id }))?.ramdisk.size, 300_000);
    assert.equal(await bootFilesOf(db, { kernel_id: ramdisk_id, ramdisk_id: kernel_id }), undefined);
    assert.equal((await allImages(db)).length, 3);
  } finally {
    await db.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
});
