// SSH keys, by user and name.
import type { Kysely, Transaction } from 'kysely';
import { take } from './counters.ts';
import type { KeypairsTable, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export type Keypair = KeypairsTable;

export function keypairsOf(db: Db, userId: string): Promise<Keypair[]> {
  return db.selectFrom('keypairs').selectAll().where('user_id', '=', userId).orderBy('name').execute();
}

export function keypairNamed(db: Db, userId: string, name: string): Promise<Keypair | undefined> {
  return db
    .selectFrom('keypairs')
    .selectAll()
    .where('user_id', '=', userId)
    .where('name', '=', name)
    .executeTakeFirst();
}

/**
 * @param limit how many one user may have; -1: any number
 * @returns undefined: the limit is reached
 * @throws AssayError `storage-exists` when the name is taken
 */
export function insertKeypair(
  db: Kysely<Tables>,
  keypair: Omit<Keypair, 'number'>,
  limit: number,
): Promise<Keypair | undefined> {
  return db.transaction().execute(async (trx) => {
    const number = await take(trx, 'keypairs'); // locks: the count below sees what others inserted
    if (limit >= 0 && (await keypairsOf(trx, keypair.user_id)).length >= limit) return undefined;
    return trx
      .insertInto('keypairs')
      .values({ ...keypair, number })
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}

/** @returns whether there was one */
export async function deleteKeypair(db: Db, userId: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('keypairs')
    .where('user_id', '=', userId)
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
