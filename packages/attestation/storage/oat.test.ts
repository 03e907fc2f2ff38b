import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { migrations } from './migrations/catalogue.ts';
import { addMle, hostsOfMle, keepMle, mleRows, removeMle } from './oat-mles.ts';
import { addOem, addOs, keepOem, keepOs, oemRows, osRows, removeOem, removeOs } from './oat-owners.ts';
import type { Db, OatMleRow, Schema } from './schema.ts';

async function open(url: string, t: TestContext): Promise<Db> {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  return db;
}

const bios = (more: Partial<OatMleRow> = {}): OatMleRow => ({
  ...{ type: 'BIOS', name: 'bios', version: '1', vendor: 'Fab', oem: 'Fab', os: null, os_version: null },
  ...{ attestation_type: 'PCR', description: null, source_host: null, ...more },
});
const vmm = (more: Partial<OatMleRow> = {}) =>
  bios({ type: 'VMM', name: 'kvm', vendor: 'Debian 12', oem: null, os: 'Debian', os_version: '12', ...more });

eachDatabase('an OEM and an OS are there once, and change under their names', async (url, t) => {
  const db = await open(url, t);
  assert.equal(await addOem(db, { name: 'Fab', description: 'a' }), true);
  assert.equal(await addOem(db, { name: 'Fab', description: 'b' }), false);
  assert.equal(await addOem(db, { name: 'fab', description: null }), true, 'another name');
  await keepOem(db, { name: 'Fab', description: 'c' });
  assert.deepEqual(
    (await oemRows(db)).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: 'Fab', description: 'c' },
      { name: 'fab', description: null },
    ],
  );
  assert.equal(await addOs(db, { name: 'Debian', version: '12', description: null }), true);
  assert.equal(await addOs(db, { name: 'Debian', version: '12', description: 'x' }), false);
  assert.equal(await addOs(db, { name: 'Debian GNU', version: '12', description: null }), true);
  const readsTheSame = { name: 'Debian', version: 'GNU 12', description: null };
  assert.equal(await addOs(db, readsTheSame), false, 'no two have one vendor');
  await keepOs(db, { name: 'Debian', version: '12', description: 'y' });
  assert.deepEqual(
    (await osRows(db)).map(({ vendor, description }) => [vendor, description]),
    [
      ['Debian 12', 'y'],
      ['Debian GNU 12', null],
    ],
  );
  await removeOem(db, 'Fab');
  await removeOs(db, { name: 'Debian', version: '12' });
  assert.deepEqual([(await oemRows(db)).length, (await osRows(db)).length], [1, 1]);
});

eachDatabase(
  'bug 15: the database itself keeps an OEM and an OS while an MLE is theirs, and an MLE without one out',
  async (url, t) => {
    const db = await open(url, t);
    await assert.rejects(addMle(db, bios()), { code: 'storage-reference' });
    await assert.rejects(addMle(db, vmm()), { code: 'storage-reference' });
    await addOem(db, { name: 'Fab', description: null });
    await addOs(db, { name: 'Debian', version: '12', description: null });
    assert.deepEqual(
      [await addMle(db, bios()), await addMle(db, bios()), await addMle(db, vmm())],
      [true, false, true],
    );
    await assert.rejects(removeOem(db, 'Fab'), { code: 'storage-reference' });
    await assert.rejects(removeOs(db, { name: 'Debian', version: '12' }), { code: 'storage-reference' });
    await keepMle(db, bios({ description: 'x', source_host: 'node1' }));
    const rows = await mleRows(db);
    assert.deepEqual(rows.map(({ type, description, source_host }) => [type, description, source_host]).sort(), [
      ['BIOS', 'x', 'node1'],
      ['VMM', null, null],
    ]);
    for (const row of rows) await removeMle(db, row);
    await removeOem(db, 'Fab');
    await removeOs(db, { name: 'Debian', version: '12' });
  },
);

eachDatabase('hosts are counted by the whole of what names their MLE', async (url, t) => {
  const db = await open(url, t);
  const none = { ip_address: null, port: null, email: null, description: null, location: null, aik_certificate: null };
  const said = { bios_name: 'bios', bios_version: '1', bios_oem: 'Fab', vmm_name: 'kvm', vmm_version: '8' };
  for (const [name, os] of [
    ['node1', '12'],
    ['node2', '12'],
    ['node3', '13'],
  ] as const) {
    await db
      .insertInto('hosts')
      .values({ ...{ name, registration: name, registered_at: '', ek_pin: null, last_round: 0, labels: '{}' } })
      .execute();
    await db
      .insertInto('oat_hosts')
      .values({
        host: name,
        ...none,
        ...said,
        vmm_os_name: 'Debian',
        vmm_os_version: os,
        addon_connection_string: null,
      })
      .execute();
  }
  const of = (more: object) =>
    hostsOfMle(db, { type: 'BIOS', name: 'bios', version: '1', vendor: 'Fab', ...more }, noOs);
  const noOs = { name: null, version: null };
  assert.deepEqual(
    [await of({}), await of({ version: '2' }), await of({ vendor: 'Fa' }), await of({ name: 'bio' })],
    [3, 0, 0, 0],
  );
  const kvm = { type: 'VMM', name: 'kvm', version: '8', vendor: 'Debian 12' } as const;
  assert.equal(await hostsOfMle(db, kvm, { name: 'Debian', version: '12' }), 2);
  await db.deleteFrom('hosts').where('name', '=', 'node1').execute();
  assert.equal(await hostsOfMle(db, kvm, { name: 'Debian', version: '12' }), 1, 'its host is gone');
});
