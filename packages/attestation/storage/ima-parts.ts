// IMA's list of each host's present boot, in parts: what a change of the allow list is judged by, because a host sends only what is new.
// There is no gap between parts: what cannot be kept whole is not kept, and the host is asked for all of it when somebody needs it.
import { packed, unpacked } from './packed.ts';
import type { Db } from './schema.ts';

/** Bytes of a list, from `offset` on. */
export type StoredImaPart = { readonly offset: number; readonly bytes: Uint8Array };

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
  if (end !== offset) return await dropImaParts(db, host);
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
 */
export async function imaListOf(db: Db, host: string, until = Number.MAX_SAFE_INTEGER): Promise<StoredImaPart[]> {
  const rows = await db.selectFrom('ima_parts').selectAll().where('host', '=', host).orderBy('offset').execute();
  return rows
    .filter(({ offset }) => offset < until)
    .map(({ offset, data }) => ({ offset, bytes: unpacked(data).subarray(0, until - offset) }));
}
