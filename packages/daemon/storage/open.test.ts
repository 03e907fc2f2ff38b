import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { eachDatabase } from '../testing/index.ts';
import type { Migration } from './migrate.ts';
import { openDatabase, openReadOnly } from './open.ts';

type Schema = { hosts: { name: string; seen_at: number; evidence: Uint8Array | null; trusted: number } };
const hosts: Migration = {
  name: '0001-hosts',
  up: (db) =>
    db.schema
      .createTable('hosts')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('seen_at', 'bigint', (c) => c.notNull())
      .addColumn('evidence', sqlType('blob'))
      .addColumn('trusted', 'integer', (c) => c.notNull().defaultTo(0))
      .execute(),
};
function sqlType(name: 'blob') {
  return name as never;
}
const row = { name: 'node1', seen_at: 1_800_000_000_123, evidence: Buffer.from([0, 255]), trusted: 1 };

eachDatabase('what was written is read again with the same types', async (url) => {
  const db = await openDatabase<Schema>(url, [hosts]);
  await db.insertInto('hosts').values(row).execute();
  assert.deepEqual(await db.selectFrom('hosts').selectAll().execute(), [row]);
  const { numUpdatedRows } = await db.updateTable('hosts').set({ trusted: 0 }).executeTakeFirstOrThrow();
  assert.equal(numUpdatedRows, 1n);
  await db.destroy();
  const again = await openDatabase<Schema>(url, [hosts]);
  assert.equal((await again.selectFrom('hosts').selectAll().executeTakeFirstOrThrow()).trusted, 0);
  await again.destroy();
});

eachDatabase('a row that exists already is storage-exists', async (url) => {
  const db = await openDatabase<Schema>(url, [hosts]);
  await db.insertInto('hosts').values(row).execute();
  await assert.rejects(db.insertInto('hosts').values(row).execute(), { code: 'storage-exists' });
  await db.destroy();
});

eachDatabase('a migration that fails leaves nothing behind', async (url) => {
  const broken: Migration = { name: '0002-broken', up: () => Promise.reject(new AssayError('test', 'here', 'a', 'b')) };
  await assert.rejects(openDatabase(url, [hosts, broken]), { code: 'test' });
  const db = await openDatabase<Schema>(url, [hosts]);
  assert.deepEqual(await db.selectFrom('hosts').selectAll().execute(), []);
  await db.destroy();
});

eachDatabase('a database of a newer release is refused', async (url) => {
  const later: Migration = { name: '0002-later', up: async () => undefined };
  await (await openDatabase(url, [hosts, later])).destroy();
  await assert.rejects(openDatabase(url, [hosts]), { code: 'storage-newer' });
});

eachDatabase('transactions of one process follow each other', async (url) => {
  const db = await openDatabase<Schema>(url, [hosts]);
  await db
    .insertInto('hosts')
    .values({ ...row, trusted: 0 })
    .execute();
  await Promise.all(
    Array.from({ length: 20 }, () =>
      db.transaction().execute(async (tx) => {
        const { trusted } = await tx.selectFrom('hosts').select('trusted').executeTakeFirstOrThrow();
        await tx
          .updateTable('hosts')
          .set({ trusted: trusted + 1 })
          .execute();
      }),
    ),
  );
  assert.equal((await db.selectFrom('hosts').select('trusted').executeTakeFirstOrThrow()).trusted, 20);
  await db.destroy();
});

eachDatabase('a transaction that waits for itself is storage-busy, and others go on', async (url) => {
  const db = await openDatabase<Schema>(url, [hosts], { turnMs: 200 });
  const stuck = db.transaction().execute(async (tx) => {
    await tx.insertInto('hosts').values(row).execute();
    await db.selectFrom('hosts').selectAll().execute(); // meant: tx
  });
  await assert.rejects(stuck, { code: 'storage-busy' });
  assert.deepEqual(await db.selectFrom('hosts').selectAll().execute(), []);
  await db.destroy();
});

eachDatabase('a transaction that throws leaves nothing behind', async (url) => {
  const db = await openDatabase<Schema>(url, [hosts]);
  const failing = db.transaction().execute(async (tx) => {
    await tx.insertInto('hosts').values(row).execute();
    throw new AssayError('test', 'here', 'a', 'b');
  });
  await assert.rejects(failing, { code: 'test' });
  assert.deepEqual(await db.selectFrom('hosts').selectAll().execute(), []);
  await db.destroy();
});

eachDatabase('a read-only database refuses to be written', async (url) => {
  await (await openDatabase(url, [hosts])).destroy();
  const db = await openReadOnly<Schema>(url);
  assert.deepEqual(await db.selectFrom('hosts').selectAll().execute(), []);
  await assert.rejects(db.insertInto('hosts').values(row).execute());
  await db.destroy();
});

test('only this user can read a SQLite file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-sqlite-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const db = await openDatabase<Schema>(`sqlite:${folder}/a.db`, [hosts]);
  await db.insertInto('hosts').values(row).execute();
  for (const file of readdirSync(folder)) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  await db.destroy();
});

test('a URL of another kind is refused without showing what may be a password', async () => {
  await assert.rejects(openDatabase('mysql://root:secret@x/y', []), (error: AssayError) => {
    assert.equal(error.code, 'storage-url');
    assert.ok(!error.message.includes('secret'));
    return true;
  });
});

test('a server that is not there is storage-unavailable', async () => {
  await assert.rejects(openDatabase('postgresql://u:secret@127.0.0.1:1/y', []), (error: AssayError) => {
    assert.equal(error.code, 'storage-unavailable');
    assert.ok(!error.message.includes('secret'));
    return true;
  });
});
