// IMA's list of each host's present boot, in parts: what a change of the allow list is judged by, because a host sends only what is new.
// There is no gap between parts: what cannot be kept whole is not kept, and the host is asked for all of it when somebody needs it.
import { packed, unpacked } from './packed.ts';
import type { Db } from './schema.ts';

/** Bytes of a list, from `offset` on. */
export type StoredImaPart = { readonly offset: number; readonly bytes: Uint8Array };

/** Bytes of a host's list that are kept. A longer one is judged as it comes, and never as a whole again: where that is asked for, its files stay unread. */
export const longestList = 64 * 1024 * 1024;

/** A part that is smaller takes up what follows it: a host that measures a file now and then does not fill the table with rows. */
const smallPart = 16 * 1024;

/** What follows on it now; from 0 on a list begins anew. Run it in a transaction. */
export async function keepImaPart(db: Db, host: string, { offset, bytes }: StoredImaPart): Promise<void> {
  if (offset === 0) await dropImaParts(db, host);
  if (bytes.length === 0) return;
  const last = await db
    .selectFrom('ima_parts')
    .selectAll()
    .where('host', '=', host)
    .orderBy('offset', 'desc')
    .limit(1)
    .executeTakeFirst();
  const end = last ? last.offset + last.length : 0;
  if (end !== offset || offset + bytes.length > longestList) return await dropImaParts(db, host);
  const small = last && last.length < smallPart ? last : undefined;
  const whole = small ? Buffer.concat([unpacked(small.data), bytes]) : bytes;
  const row = { host, offset: small?.offset ?? offset, length: whole.length, data: packed(whole) };
  await db
    .insertInto('ima_parts')
    .values(row)
    .onConflict((conflict) => conflict.columns(['host', 'offset']).doUpdateSet({ length: row.length, data: row.data }))
    .execute();
}

/** Another boot, another list. */
export async function dropImaParts(db: Db, host: string): Promise<void> {
  await db.deleteFrom('ima_parts').where('host', '=', host).execute();
}

/** How many bytes of the list are there, from its beginning on. */
export async function imaListLength(db: Db, host: string): Promise<number> {
  const row = await db
    .selectFrom('ima_parts')
    .select(['offset', 'length'])
    .where('host', '=', host)
    .orderBy('offset', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? row.offset + row.length : 0;
}

/**
 * The list from its beginning, as far as it was read; none: nothing is kept of it.
 * @param until only what comes before this byte
 * @param pause asked after each part: whether others are to have a turn
 */
export async function imaListOf(
  db: Db,
  host: string,
  until = Number.MAX_SAFE_INTEGER,
  pause: () => Promise<void> = async () => undefined,
): Promise<StoredImaPart[]> {
  if ((await imaListLength(db, host)) > longestList) return []; // kept by an earlier version
  const rows = await db.selectFrom('ima_parts').selectAll().where('host', '=', host).orderBy('offset').execute();
  const parts: StoredImaPart[] = [];
  for (const { offset, data } of rows) {
    if (offset >= until) break;
    parts.push({ offset, bytes: unpacked(data).subarray(0, until - offset) });
    await pause();
  }
  return parts;
}
