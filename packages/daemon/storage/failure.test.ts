import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AssayError } from '@assay/core';
import { type Kysely, sql } from 'kysely';
import { freshPostgres, stopPostgres } from '../testing/postgres.ts';
import { openDatabase } from './open.ts';

type Schema = { notes: { name: string; body: string } };
const notes = [
  {
    name: '0001-notes',
    up: (db: Kysely<never>) =>
      db.schema
        .createTable('notes')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('body', 'text')
        .execute(),
  },
];
const big = 'x'.repeat(100_000);
const folderOf = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-storage-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
/** In place of the end of this process. */
const fatal = (error: AssayError): never => {
  throw new AssayError('test-fatal', error.code, 'the process to end', 'a test');
};

async function untilFull(db: Kysely<Schema>): Promise<void> {
  await assert.rejects(
    async () => {
      for (let at = 0; at < 500; at++) {
        await db.transaction().execute((tx) =>
          tx
            .insertInto('notes')
            .values({ name: `big ${at}`, body: big })
            .execute(),
        );
      }
    },
    (error: AssayError) => {
      assert.equal(error.code, 'storage-full', error.message);
      return true;
    },
  );
}

test('a database that may grow no more answers storage-full, reads go on, and room heals it', async (t) => {
  const db = await openDatabase<Schema>(`sqlite:${folderOf(t)}/a.db`, notes, { fatal });
  await db.insertInto('notes').values({ name: 'kept', body: '' }).execute();
  await sql`pragma max_page_count = 100`.execute(db);
  await untilFull(db);
  const rows = await db.selectFrom('notes').select('name').execute();
  assert.ok(rows.some(({ name }) => name === 'kept'));
  await sql`pragma max_page_count = 100000`.execute(db);
  await db.insertInto('notes').values({ name: 'healed', body: big }).execute();
  await db.destroy();
});

const namespace = process.getuid?.() === 0 ? '-m' : '-rm';
function canMount(): boolean {
  try {
    execFileSync('unshare', [namespace, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a disk that is really full answers storage-full and heals without a restart', {
  skip: !canMount() && 'needs the right to mount',
}, (t) => {
  // In a mount namespace of its own: nothing of it is seen by, or outlives, this test.
  const folder = folderOf(t);
  mkdirSync(join(folder, 'disk'));
  const code = `
    import assert from 'node:assert/strict';
    import { rmSync, writeFileSync } from 'node:fs';
    import { openDatabase } from '@assay/daemon/storage';
    const db = await openDatabase('sqlite:' + process.argv[1] + '/a.db', [{ name: '1', up: (db) => db.schema.createTable('notes').addColumn('name', 'text').addColumn('body', 'text').execute() }]);
    await db.insertInto('notes').values({ name: 'kept', body: '' }).execute();
    try { writeFileSync(process.argv[1] + '/ballast', Buffer.alloc(8 << 20)); } catch (error) { assert.equal(error.code, 'ENOSPC'); }
    await assert.rejects(async () => { for (let i = 0; i < 50; i++) await db.insertInto('notes').values({ name: 'big' + i, body: 'x'.repeat(100000) }).execute(); }, { code: 'storage-full' });
    assert.ok((await db.selectFrom('notes').select('name').execute()).some((row) => row.name === 'kept'));
    rmSync(process.argv[1] + '/ballast');
    await db.insertInto('notes').values({ name: 'healed', body: 'x'.repeat(100000) }).execute();
    console.log('healed');`;
  const script = join(folder, 'full.mjs');
  writeFileSync(script, code);
  const out = execFileSync(
    'unshare',
    [
      namespace,
      'sh',
      '-c',
      'mount -t tmpfs -o size=4m none "$1/disk" && exec "$2" --input-type=module -e "$(cat "$3")" "$1/disk"',
      'sh',
      folder,
      process.execPath,
      script,
    ],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  assert.equal(out, 'healed\n');
});

test('a damaged database ends the process with one clear line', async (t) => {
  const file = join(folderOf(t), 'a.db');
  const db = await openDatabase<Schema>(`sqlite:${file}`, notes);
  for (let at = 0; at < 20; at++)
    await db
      .insertInto('notes')
      .values({ name: `n${at}`, body: big })
      .execute();
  await db.destroy();
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(40_960, 0xff), 0, 40_960, 8_192); // pages of the table, not the schema
  closeSync(handle);
  const code = `
    import { openDatabase } from '@assay/daemon/storage';
    const db = await openDatabase('sqlite:' + process.argv[1], [{ name: '0001-notes', up: async () => {} }]);
    await db.selectFrom('notes').selectAll().execute();
    console.log('went on');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, file], { cwd: import.meta.dirname });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part) => {
    out += part;
  });
  child.stderr.on('data', (part) => {
    err += part;
  });
  const [status] = await once(child, 'close');
  assert.deepEqual([status, out], [1, '']);
  assert.match(err, /^assay: database .*a\.db: expected storage that works, got .*\n$/);
});

test('a file that is no database, and a folder that is not there, are storage-open', async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'text.db'), 'hello '.repeat(1000));
  await assert.rejects(openDatabase(`sqlite:${folder}/text.db`, notes), { code: 'storage-open' });
  await assert.rejects(openDatabase(`sqlite:${folder}/none/a.db`, notes), { code: 'storage-open' });
});

test('another process that writes for long is storage-busy, not a lost write', async (t) => {
  const url = `sqlite:${folderOf(t)}/a.db`;
  const [one, two] = [await openDatabase<Schema>(url, notes), await openDatabase<Schema>(url, notes)];
  await sql`pragma busy_timeout = 50`.execute(two);
  await one.transaction().execute(async (tx) => {
    await tx.insertInto('notes').values({ name: 'one', body: '' }).execute();
    await assert.rejects(two.insertInto('notes').values({ name: 'two', body: '' }).execute(), { code: 'storage-busy' });
  });
  await one.destroy();
  await two.destroy();
});

test('PostgreSQL lost before the commit is storage-unavailable: nothing was stored', async () => {
  const { url } = await freshPostgres();
  const open = () => openDatabase<Schema>(url, notes, { fatal });
  const [one, two, three] = [await open(), await open(), await open()];
  const midway = one.transaction().execute(async (tx) => {
    await tx.insertInto('notes').values({ name: 'a', body: '' }).execute();
    await stopPostgres('SIGQUIT');
    await tx.insertInto('notes').values({ name: 'b', body: '' }).execute();
  });
  await assert.rejects(midway, { code: 'storage-unavailable' });
  await assert.rejects(two.selectFrom('notes').selectAll().execute(), { code: 'storage-unavailable' });
  await assert.rejects(three.insertInto('notes').values({ name: 'c', body: '' }).execute(), {
    code: 'storage-unavailable',
  });
  for (const db of [one, two, three]) await db.destroy();
});

test('PostgreSQL lost while it commits leaves the outcome unknown, which ends the process', async () => {
  const { url } = await freshPostgres();
  const db = await openDatabase<Schema>(url, notes, { fatal });
  // A trigger that runs at the commit and takes its time.
  await sql`create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end'`.execute(
    db,
  );
  await sql`create constraint trigger slow after insert on notes deferrable initially deferred for each row execute function slow()`.execute(
    db,
  );
  const committing = db.transaction().execute((tx) => tx.insertInto('notes').values({ name: 'a', body: '' }).execute());
  const unknown = assert.rejects(committing, { code: 'test-fatal', where: 'storage-unknown' });
  const other = await openDatabase<{ pg_stat_activity: { wait_event: string | null } }>(url, notes, { fatal });
  const sleeps = () =>
    other.selectFrom('pg_stat_activity').select('wait_event').where('wait_event', '=', 'PgSleep').execute();
  while ((await sleeps()).length === 0);
  await stopPostgres('SIGQUIT');
  await unknown;
  await db.destroy();
  await other.destroy();
});
