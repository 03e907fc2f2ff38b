// The other names of hosts, folded to lower case; one is of one host, and goes with it.
import type { Db, HostAliasRow } from './schema.ts';

export async function readAliases(db: Db): Promise<HostAliasRow[]> {
  return await db.selectFrom('host_aliases').select(['alias', 'host']).orderBy('alias').execute();
}

/** These and no others. Run it in a transaction. @throws AssayError `storage-exists` when another host has one of them */
export async function keepAliases(db: Db, host: string, aliases: readonly string[]): Promise<void> {
  await db.deleteFrom('host_aliases').where('host', '=', host).execute();
  if (aliases.length > 0)
    await db
      .insertInto('host_aliases')
      .values(aliases.map((alias) => ({ alias, host })))
      .execute();
}
