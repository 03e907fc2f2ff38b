// Where are things remembered? In a SQLite file or in PostgreSQL, by URL, through the same Kysely.
import { resolve } from 'node:path';
import { AssayError } from '@assay/core';
import { Kysely } from 'kysely';
import { type Access, endProcess, type Fatal } from './failure.ts';
import { type Book, type Migration, migrate } from './migrate.ts';
import { sqliteDialect } from './sqlite.ts';

/**
 * Transactions of one process follow each other; inside one only the transaction may be asked, not `db`. Failures of any
 * query: AssayError `storage-exists`, `storage-reference`, `storage-full`, `storage-busy`, `storage-unavailable`. Where the outcome of a
 * write is unknown (I/O error, connection lost at commit) `fatal` is called, which ends the process.
 *
 * @param url `sqlite:PATH`, `sqlite::memory:` or `postgresql://…`
 * @param turnMs how long a query waits for a transaction before it, then `storage-busy`
 * @param migrations run before this returns, all or none
 * @throws AssayError `storage-url`, `storage-open`, `storage-unavailable`, `storage-newer`, `storage-migration`
 */
export async function openDatabase<Schema>(
  url: string,
  migrations: readonly Migration[],
  { fatal = endProcess, now = Date.now(), turnMs = 10_000 }: { fatal?: Fatal; now?: number; turnMs?: number } = {},
): Promise<Kysely<Schema>> {
  const { db, kind, where } = await connect<Schema>(url, { fatal, turnMs, readOnly: false });
  try {
    await migrate(db as unknown as Kysely<Book>, kind, migrations, where, now);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** For looking only: no file is made, no migration runs, every write fails. */
export async function openReadOnly<Schema>(url: string, fatal: Fatal = endProcess): Promise<Kysely<Schema>> {
  return (await connect<Schema>(url, { fatal, turnMs: 10_000, readOnly: true })).db;
}

async function connect<Schema>(url: string, access: Access) {
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) {
    const given = url.slice('sqlite:'.length);
    const path = given === ':memory:' ? given : resolve(given);
    const db = new Kysely<Schema>({ dialect: sqliteDialect(path, access) });
    return { db, kind: 'sqlite' as const, where: `database ${path}` };
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { databaseName, postgresDialect } = await import('./postgres.ts'); // who stays with SQLite does not load pg
    const db = new Kysely<Schema>({ dialect: postgresDialect(url, access) });
    return { db, kind: 'postgresql' as const, where: databaseName(url) };
  }
  const got = url.split(':', 1)[0] || 'nothing';
  throw new AssayError('storage-url', 'database URL', 'sqlite:PATH or postgresql://…', got);
}
