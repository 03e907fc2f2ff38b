// Counters of changes, so that readers know when what they keep in memory is out of date.
import type { Db } from './schema.ts';

/**
 * `standards`: policies, labels and reference values. `journal`: lines of the journal. `judged-from`: the number the standards had after the last
 * change that concerns every host; verdicts by older ones say nothing any more.
 */
export type VersionSubject = 'standards' | 'journal' | 'judged-from';

/** Another number after each change; 0 before the first. */
export async function versionOf(db: Db, subject: VersionSubject): Promise<number> {
  const row = await db.selectFrom('versions').select('version').where('subject', '=', subject).executeTakeFirst();
  return row?.version ?? 0;
}

/** Transactions that counted: what is read in them may never come true. */
const counting = new WeakSet<Db>();

/** Whether this transaction is itself a change, which may yet be taken back. */
export const isChanging = (db: Db): boolean => counting.has(db);

/** Run it in the transaction of a change that concerns every host. */
export async function setJudgedFrom(db: Db, version: number): Promise<void> {
  await db
    .insertInto('versions')
    .values({ subject: 'judged-from', version })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet({ version }))
    .execute();
}

/** Run it in the transaction of the change. @returns the new number */
export async function countUp(db: Db, subject: VersionSubject): Promise<number> {
  const row = await db
    .insertInto('versions')
    .values({ subject, version: 1 })
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet((old) => ({ version: old('versions.version', '+', 1) })),
    )
    .returning('version')
    .executeTakeFirstOrThrow();
  if (subject === 'standards') counting.add(db);
  return row.version;
}
