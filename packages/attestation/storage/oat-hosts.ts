// What hosts were registered with through the OAT API. It is shown again, and says which MLEs are in use; it decides
// nothing.
import type { Db, OatHostRow } from './schema.ts';

export type OatHostDetails = Omit<OatHostRow, 'host'>;

/** In place of what was there. */
export async function keepOatHost(db: Db, row: OatHostRow): Promise<void> {
  const { host: _, ...details } = row;
  await db
    .insertInto('oat_hosts')
    .values(row)
    .onConflict((conflict) => conflict.column('host').doUpdateSet(details))
    .execute();
}

export async function findOatHost(db: Db, host: string): Promise<OatHostRow | undefined> {
  return await db.selectFrom('oat_hosts').selectAll().where('host', '=', host).executeTakeFirst();
}

/** Every registered host, by name; undefined for what was registered otherwise. */
export async function oatHosts(db: Db): Promise<{ name: string; details: OatHostRow | undefined }[]> {
  const rows = await db
    .selectFrom('hosts')
    .leftJoin('oat_hosts', 'oat_hosts.host', 'hosts.name')
    .select('hosts.name')
    .selectAll('oat_hosts')
    .orderBy('hosts.name')
    .execute();
  return rows.map(({ name, host, ...details }) => ({
    name,
    details: host === null ? undefined : ({ host, ...details } as OatHostRow),
  }));
}
