// The known-good database. A value's id is the hash of what it says: the same one is stored once.
import { createHash } from 'node:crypto';
import { check, type ReferenceContent, ReferenceValue } from '@assay/protocol';
import type { Db, ReferenceValueRow } from './schema.ts';

type Identified = Pick<ReferenceValue, 'component' | 'content'> &
  Partial<Pick<ReferenceValue, 'vendor' | 'name' | 'version'>>;

/** Hex, 32 characters; the same for the same measurements of the same component, whatever their description; of MLEs, of the same one. */
export function referenceId({ component, content, vendor, name, version }: Identified): string {
  const owner = content.form === 'pcr-values' && content.mle ? [[vendor ?? '', name ?? '', version ?? '']] : [];
  return createHash('sha256')
    .update(JSON.stringify([component, ...saidBy(content), ...owner]))
    .digest('hex')
    .slice(0, 32);
}

const sorted = (digests: Record<string, string>) => Object.entries(digests).sort();

/** For sequences as the first release had it, whose ids are kept. */
function saidBy(content: ReferenceContent): unknown[] {
  switch (content.form) {
    case 'sequence':
      return [content.events.map(({ pcr, type, digests }) => [pcr, type, sorted(digests)])];
    case 'measurements':
      return [content.form, content.measurements.map(({ claim, digests }) => [claim, sorted(digests)])];
    case 'pcr-values':
      return [content.form, content.values.map(({ bank, pcr, value }) => [bank, pcr, value])];
    case 'files':
      return [content.form, content.files.map(({ path, digests }) => [path, sorted(digests)])];
  }
}

/** Run it in a transaction, and count `standards` up after it. @returns those that were not known before */
export async function addReferenceValues(db: Db, values: readonly ReferenceValue[]): Promise<ReferenceValue[]> {
  const added: ReferenceValue[] = [];
  for (const value of values) {
    const stored = await db
      .insertInto('reference_values')
      .values(rowOf(value))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (stored) added.push(value);
  }
  return added;
}

/** What became of it: its state, its window, why it was retired. Run it in a transaction, and count `standards` up after it. */
export async function changeReferenceValue(db: Db, value: ReferenceValue): Promise<void> {
  const { state, from, until, replaces, retired_at, retired_because } = rowOf(value);
  const changed = { state, from, until, replaces, retired_at, retired_because };
  await db.updateTable('reference_values').set(changed).where('id', '=', value.id).execute();
}

/** Likewise. */
export async function removeReferenceValue(db: Db, id: string): Promise<void> {
  await db.deleteFrom('reference_values').where('id', '=', id).execute();
}

/** In the order they were added. */
export async function readReferenceValues(db: Db): Promise<ReferenceValue[]> {
  const rows = await db.selectFrom('reference_values').selectAll().orderBy('added_at').orderBy('id').execute();
  return rows.map(referenceValueOf);
}

const rowOf = (value: ReferenceValue): ReferenceValueRow => ({
  id: value.id,
  component: value.component,
  vendor: value.vendor ?? null,
  name: value.name ?? null,
  version: value.version ?? null,
  content: JSON.stringify(value.content),
  state: value.state,
  from: value.from ?? null,
  until: value.until ?? null,
  replaces: value.replaces ? JSON.stringify(value.replaces) : null,
  source: JSON.stringify(value.source),
  by: value.by,
  because: value.because ?? null,
  added_at: value.added_at,
  retired_at: value.retired_at ?? null,
  retired_because: value.retired_because ?? null,
});

/** @throws AssayError `message-schema` for a row that is none */
function referenceValueOf({ content, source, replaces, ...row }: ReferenceValueRow): ReferenceValue {
  const told = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  const value = {
    ...told,
    content: JSON.parse(content),
    source: JSON.parse(source),
    ...(replaces !== null && { replaces: JSON.parse(replaces) }),
  };
  return check(ReferenceValue, value, `reference value ${row.id}`);
}
