// Does the database have the tables this program expects? What is missing is made, in one transaction for all of it.
import { AssayError } from '@assay/core';
import { type Kysely, sql } from 'kysely';

/**
 * A step from one schema to the next; `name` as `0001-hosts`, in ascending order, never changed once released. To run on
 * both databases it uses: `text`, `bigint` (milliseconds, counts), `integer` (flags, 0 or 1), `real`, `blob`; keys that are
 * text made by us.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration stands before the schema that types would describe
export type Migration = { readonly name: string; up(db: Kysely<any>): Promise<unknown> };

/** The table in which a database says how far it has come. */
export type Book = { migrations: { name: string; applied_at: number } };

/**
 * @param now milliseconds, written beside each step
 * @throws AssayError `storage-newer` when a newer program has been here, `storage-migration` when the names do not follow
 */
export async function migrate(
  db: Kysely<Book>,
  kind: 'sqlite' | 'postgresql',
  steps: readonly Migration[],
  where: string,
  now: number,
): Promise<void> {
  const names = steps.map(({ name }) => name);
  if (names.some((name, at) => at > 0 && name <= (names[at - 1] as string)))
    throw new AssayError('storage-migration', where, 'migrations in ascending order', names);
  await db.transaction().execute(async (tx) => {
    if (kind === 'postgresql') await sql`select pg_advisory_xact_lock(4702394921427289928)`.execute(tx); // several start at once
    await sql`create table if not exists migrations (name text primary key, applied_at bigint not null)`.execute(tx);
    const rows = await tx.selectFrom('migrations').select('name').orderBy('name').execute();
    const done = rows.map(({ name }) => name);
    const stranger = done.find((name) => !names.includes(name));
    if (stranger !== undefined)
      throw new AssayError('storage-newer', where, `a database of this release (last: ${names.at(-1)})`, stranger, {
        hint: 'start the release that wrote it, or restore the copy made before',
      });
    if (done.some((name, at) => name !== names[at]))
      throw new AssayError('storage-migration', where, `migrations ${names.join(', ')}`, done);
    if (kind === 'postgresql' && done.length === 0) await bytesAsBlob(tx);
    for (const { name, up } of steps.slice(done.length)) {
      await up(tx);
      await tx.insertInto('migrations').values({ name, applied_at: now }).execute();
    }
  });
}

/** PostgreSQL calls it bytea; with a domain of SQLite's name one migration serves both. */
async function bytesAsBlob(tx: Kysely<Book>): Promise<void> {
  const { rows } = await sql`select 1 from pg_type where typname = 'blob'`.execute(tx);
  if (rows.length === 0) await sql`create domain blob as bytea`.execute(tx);
}
