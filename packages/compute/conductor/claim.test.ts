import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { freshPostgres } from '@assay/daemon/testing';
import fc from 'fast-check';
import type { HostState } from '../scheduler/index.ts';
import { changeInstance, openStorage, usageByHost } from '../storage/index.ts';
import { exampleInstance, insertExample } from '../testing/index.ts';
import { claim } from './claim.ts';

const sizes = { a: 1024, b: 768, c: 512 };
const hosts = Object.entries(sizes).map(
  ([host, memoryMb]): HostState => ({
    host,
    hypervisorHostname: host,
    zone: 'nova',
    memoryMb,
    memoryMbUsed: 0,
    lastSeenAt: new Date(),
    connected: true,
    disabledReason: undefined,
  }),
);
const wanting = (memory_mb: number) => ({
  project_id: randomUUID().replaceAll('-', ''),
  flavor: { ...exampleInstance().flavor, memory_mb },
});

test('whatever is claimed and given back, in whatever order, side by side: no host promises more than it has, none is refused while one has room', async () => {
  const db = await openStorage('sqlite::memory:');
  const step = fc.oneof(
    fc.record({ claim: fc.array(fc.constantFrom(64, 256, 300, 512), { minLength: 1, maxLength: 5 }) }),
    fc.record({ release: fc.nat(20) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      await db.deleteFrom('instances').execute();
      const held: { id: string; host: string; memory_mb: number }[] = [];
      const free = (host: string) =>
        sizes[host as keyof typeof sizes] -
        held.filter((one) => one.host === host).reduce((sum, one) => sum + one.memory_mb, 0);
      for (const step of steps) {
        if ('release' in step) {
          const [one] = held.splice(step.release % Math.max(1, held.length), 1);
          if (one) await changeInstance(db, one.id, { vm_state: 'deleted' }, new Date());
          continue;
        }
        const rows = [];
        for (const size of step.claim) rows.push(await insertExample(db, wanting(size)));
        const got = await Promise.all(rows.map((row) => claim(db, row, hosts, 1, new Date())));
        for (const [index, row] of rows.entries()) {
          const host = got[index];
          if (typeof host === 'object') held.push({ id: row.id, host: host.host, memory_mb: row.memory_mb });
          else assert.equal(host, 'full');
        }
        for (const host of Object.keys(sizes))
          assert.ok(free(host) >= 0, `${host} promised ${-free(host)} MB too much`);
        for (const [index, row] of rows.entries())
          if (got[index] === 'full')
            for (const host of Object.keys(sizes)) assert.ok(free(host) < row.memory_mb, `${host} had room`);
        const used = await usageByHost(db);
        for (const [host, size] of Object.entries(sizes))
          assert.equal(used.get(host)?.memory_mb ?? 0, size - free(host));
      }
    }),
    { numRuns: 60 },
  );
  await db.destroy();
});

test('two compute APIs over one PostgreSQL do not promise the same memory', async () => {
  const { url, drop } = await freshPostgres();
  const [one, two] = [await openStorage(url), await openStorage(url)];
  const rows = [];
  for (let count = 0; count < 8; count++) rows.push(await insertExample(one, wanting(256)));
  const only = hosts.filter(({ host }) => host === 'a');
  const got = await Promise.all(rows.map((row, index) => claim(index % 2 ? one : two, row, only, 1, new Date())));
  assert.equal(got.filter((claimed) => claimed === 'full').length, 4);
  assert.equal((await usageByHost(one)).get('a')?.memory_mb, 1024);
  await Promise.all([one.destroy(), two.destroy()]);
  await drop();
});

test('an instance that is claimed, deleted or in error is not claimed again', async () => {
  const db = await openStorage('sqlite::memory:');
  const row = await insertExample(db);
  assert.equal(typeof (await claim(db, row, hosts, 1, new Date())), 'object');
  assert.equal(await claim(db, row, hosts, 1, new Date()), 'gone');
  const deleted = await insertExample(db);
  await changeInstance(db, deleted.id, { wanted: 'deleted' }, new Date());
  assert.equal(await claim(db, deleted, hosts, 1, new Date()), 'gone');
  await db.destroy();
});
