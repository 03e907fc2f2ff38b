// What is known good, and since when. A value's id is the hash of what it says: the same one is stored once.
import { createHash } from 'node:crypto';
import { check, ReferenceEvent, ReferenceValue } from '@assay/protocol';
import { Type } from 'typebox';
import type { Db, ReferenceValueRow } from './schema.ts';

const subject = 'reference';

/** Hex, 32 characters; the same for the same measurements of the same component, whatever their description. */
export function referenceId({ component, events }: Pick<ReferenceValue, 'component' | 'events'>): string {
  const said = events.map(({ pcr, type, digests }) => [pcr, type, Object.entries(digests).sort()]);
  return createHash('sha256')
    .update(JSON.stringify([component, said]))
    .digest('hex')
    .slice(0, 32);
}

/** Run it in a transaction. @returns those that were not known before */
export async function addReferenceValues(db: Db, values: readonly ReferenceValue[]): Promise<ReferenceValue[]> {
  const added: ReferenceValue[] = [];
  for (const value of values) {
    const row: ReferenceValueRow = { ...value, events: JSON.stringify(value.events) };
    const stored = await db
      .insertInto('reference_values')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (stored) added.push(value);
  }
  if (added.length > 0)
    await db
      .insertInto('versions')
      .values({ subject, version: 1 })
      .onConflict((conflict) =>
        conflict.column('subject').doUpdateSet((row) => ({ version: row('versions.version', '+', 1) })),
      )
      .execute();
  return added;
}

/** In the order they were added. */
export async function readReferenceValues(db: Db): Promise<ReferenceValue[]> {
  const rows = await db.selectFrom('reference_values').selectAll().orderBy('added_at').orderBy('id').execute();
  return rows.map((row) =>
    check(
      ReferenceValue,
      { ...row, events: check(Type.Array(ReferenceEvent), JSON.parse(row.events), row.id) },
      row.id,
    ),
  );
}

/** Another number after each change. */
export async function referenceVersion(db: Db): Promise<number> {
  const row = await db.selectFrom('versions').select('version').where('subject', '=', subject).executeTakeFirst();
  return row?.version ?? 0;
}
