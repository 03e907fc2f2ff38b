import assert from 'node:assert/strict';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { registerHost } from '../storage/hosts.ts';
import { migrations } from '../storage/migrations/catalogue.ts';
import type { Db, Schema } from '../storage/schema.ts';
import { createTogether } from './together.ts';

eachDatabase('work that comes at once shares a transaction, and one that fails undoes only itself', async (url, t) => {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const together = createTogether(db);
  const seen = new Map<string, Db[]>();
  const register = (name: string, fails = false) =>
    together(async (tx) => {
      seen.set(name, [...(seen.get(name) ?? []), tx]);
      await registerHost(tx, { name, ekPin: undefined, now: new Date() });
      if (fails) throw new Error(`${name} fails`);
      return name;
    });
  const names = async () =>
    (await db.selectFrom('hosts').select('name').orderBy('name').execute()).map((row) => row.name);

  const many = Array.from({ length: 300 }, (_, at) => `a${String(at).padStart(3, '0')}`);
  assert.deepEqual(await Promise.all(many.map((name) => register(name))), many);
  assert.equal(new Set([...seen.values()].flat()).size, 10);
  assert.deepEqual(await names(), many);

  const settled = await Promise.allSettled([register('b0'), register('b1', true), register('a000'), register('b2')]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(await names(), [...many, 'b0', 'b2']);
  assert.equal(await register('b3'), 'b3', 'it goes on');
});
