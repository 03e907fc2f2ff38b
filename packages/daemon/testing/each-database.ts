// Does it hold on both databases? Runs one test on a fresh SQLite file and on a fresh database of a private PostgreSQL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freshPostgres } from './postgres.ts';

/**
 * `eachDatabase('a host is found again', async (url, t) => { const db = await openDatabase(url, migrations); … })`
 * The URL's database is empty, used by this test alone, and gone afterwards.
 */
export function eachDatabase(name: string, body: (url: string, t: TestContext) => Promise<unknown>): void {
  test(`${name} (SQLite)`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-sqlite-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    await body(`sqlite:${join(folder, 'test.db')}`, t);
  });
  test(`${name} (PostgreSQL)`, async (t) => {
    const { url, drop } = await freshPostgres();
    t.after(drop);
    await body(url, t);
  });
}
