// The journal: what was changed, by whom, when and why. Lines are added, never changed; they say what was done, not what it led to.
import type { JournalEntry } from '@assay/protocol';
import type { Db, JournalRow } from './schema.ts';
import { countUp } from './versions.ts';

export type NewJournalLine = Omit<JournalEntry, 'id' | 'because'> & { because?: string | undefined };

/** Run it in the transaction of what it tells of, so that there is neither without the other. */
export async function writeJournal(db: Db, { because, ...line }: NewJournalLine): Promise<JournalEntry> {
  // The counter's row is locked until the transaction ends: numbers follow each other as the changes do, on PostgreSQL too.
  const seq = await countUp(db, 'journal');
  const row: JournalRow = { seq, ...line, because: because ?? null };
  await db.insertInto('journal').values(row).execute();
  return entryOf(row);
}

export type JournalWish = {
  /** How the action begins: `reference-`. */
  action?: string | undefined;
  subject?: string | undefined;
  /** How the subject begins: with the first characters of an id. */
  subjectBegins?: string | undefined;
  limit?: number | undefined;
};

/** The newest first. */
export async function readJournal(
  db: Db,
  { action, subject, subjectBegins, limit = 1000 }: JournalWish = {},
): Promise<JournalEntry[]> {
  let query = db.selectFrom('journal').selectAll().orderBy('seq', 'desc').limit(limit);
  if (subject !== undefined) query = query.where('subject', '=', subject);
  // No LIKE: what a client asks for may have wildcards in it.
  const begins = (column: 'action' | 'subject', text: string) =>
    query.where(({ fn, val }) => fn('substr', [column, val(1), val(text.length)]), '=', text);
  if (action !== undefined) query = begins('action', action);
  if (subjectBegins !== undefined) query = begins('subject', subjectBegins);
  return (await query.execute()).map(entryOf);
}

const entryOf = ({ seq, because, ...row }: JournalRow): JournalEntry => ({
  id: String(seq),
  ...row,
  ...(because !== null && { because }),
});
