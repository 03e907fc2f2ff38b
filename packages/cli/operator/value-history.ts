// What became of one reference value? The journal remembers it also when the value is removed.
import { AssayError } from '@assay/core';
import type { JournalEntry } from '@assay/protocol';
import { idOf } from './reference-client.ts';
import type { openSession } from './session.ts';

/** @param id or how it begins @throws AssayError `cli-id`, `reference-not-found`, `reference-id-conflict` where several values had ids that begin so */
export async function valueHistory(
  { journal, reference }: Pick<ReturnType<typeof openSession>, 'journal' | 'reference'>,
  id: string,
): Promise<JournalEntry[]> {
  const entries = await journal.entries({ action: 'reference-', subject_begins: idOf(id) });
  const ids = [...new Set(entries.map(({ subject }) => subject))];
  if (ids.length === 0) await reference.one(id);
  if (ids.length > 1 && !ids.includes(id))
    throw new AssayError(
      'reference-id-conflict',
      `reference value ${id}`,
      'the beginning of one id',
      `${ids.length} that begin so: ${ids.slice(0, 3).map((one) => one.slice(0, 12))}`,
    );
  return ids.length > 1 ? entries.filter(({ subject }) => subject === id) : entries;
}
