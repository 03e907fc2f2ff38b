import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createLog } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase, testClock } from '@assay/daemon/testing';
import { migrations } from '../storage/migrations/catalogue.ts';
import { keepOatHost, oatHosts } from '../storage/oat-hosts.ts';
import type { Schema } from '../storage/schema.ts';
import { createRegistrations } from './registrations.ts';
import { createRegistry } from './registry.ts';

async function open(url: string, t: TestContext) {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const clock = testClock();
  const dropped: string[] = [];
  const live = async () => {
    const registry = createRegistry({ clock, log: createLog('test', 'silent') });
    await registry.load(db);
    const switchboard = { drop: (host: string) => void dropped.push(host) };
    return { registry, ...createRegistrations({ db, clock, registry, switchboard }) };
  };
  return { db, dropped, live, ...(await live()) };
}

eachDatabase('aliases are there after a restart, and go with their host', async (url, t) => {
  const { register, rename, remove, live, dropped } = await open(url, t);
  await register({ name: 'kvm01', aliases: ['KVM01.lab', '192.0.2.11'] });
  await register({ name: 'kvm02' });
  await rename('kvm02', () => ['b', 'a']);
  const { registry } = await live();
  assert.deepEqual(registry.names.aliasesOf('kvm01'), ['192.0.2.11', 'kvm01.lab']);
  assert.deepEqual(registry.names.aliasesOf('kvm02'), ['a', 'b']);
  await remove('kvm01');
  assert.deepEqual(dropped, ['kvm01']);
  const { registry: later } = await live();
  assert.equal(later.names.nameOf('kvm01.lab'), undefined);
  assert.equal(later.names.nameOf('A'), 'kvm02');
  await assert.rejects(remove('kvm01'), { code: 'host-not-found' });
});

eachDatabase(
  'S04 of two that want one name at the same time one has it, whichever way each wants it',
  async (url, t) => {
    const { register, rename, registry } = await open(url, t);
    await register({ name: 'kvm01' });
    const codes = async (...work: Promise<unknown>[]) =>
      (await Promise.allSettled(work)).map((one) => (one.status === 'rejected' ? one.reason.code : 'done'));
    assert.deepEqual(
      await codes(
        rename('kvm01', () => ['kvm02']),
        register({ name: 'kvm02' }),
        register({ name: 'kvm03', aliases: ['KVM02'] }),
        register({ name: 'kvm01' }),
      ),
      ['done', 'host-exists', 'alias-in-use', 'host-exists'],
    );
    assert.equal(registry.names.nameOf('kvm02'), 'kvm01');
    assert.equal(registry.names.has('kvm03'), false);
  },
);

eachDatabase('what is stored with a registration is there with it, or neither is', async (url, t) => {
  const { db, register, remove, registry } = await open(url, t);
  const details = { host: 'kvm01', ip_address: null, port: null, bios_name: 'b', bios_version: '1', bios_oem: 'o' };
  const row = {
    ...{ ...details, vmm_name: 'v', vmm_version: '1', vmm_os_name: 'd', vmm_os_version: '12', email: null },
    ...{ description: null, addon_connection_string: null, location: null, aik_certificate: null },
  };
  const failing = register({ name: 'kvm01', aliases: ['x'] }, async (tx) => {
    await keepOatHost(tx, row);
    throw new Error('on purpose');
  });
  await assert.rejects(failing, /on purpose/);
  assert.equal(registry.names.nameOf('x'), undefined);
  assert.deepEqual(await oatHosts(db), []);
  await register({ name: 'kvm01', aliases: ['x'] }, (tx) => keepOatHost(tx, row));
  await register({ name: 'a' });
  assert.deepEqual(await oatHosts(db), [
    { name: 'a', details: undefined },
    { name: 'kvm01', details: row },
  ]);
  await remove('kvm01');
  assert.deepEqual(await oatHosts(db), [{ name: 'a', details: undefined }]);
});
