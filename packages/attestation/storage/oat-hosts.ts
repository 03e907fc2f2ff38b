// What hosts were registered with through the OAT API. It is shown again, and says which MLEs are in use; it decides nothing.
import type { Db, OatHostRow, OatMleRow } from './schema.ts';

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

type MleKey = Pick<OatMleRow, 'type' | 'name' | 'version' | 'oem' | 'os' | 'os_version'>;

/** How many hosts were registered with this MLE: BIOS by its OEM, VMM by its OS. */
export async function hostsWithMle(db: Db, mle: MleKey): Promise<number> {
  const of = (query: ReturnType<typeof counted>) =>
    mle.type === 'BIOS'
      ? query.where('bios_name', '=', mle.name).where('bios_version', '=', mle.version).where('bios_oem', '=', mle.oem)
      : query
          .where('vmm_name', '=', mle.name)
          .where('vmm_version', '=', mle.version)
          .where('vmm_os_name', '=', mle.os)
          .where('vmm_os_version', '=', mle.os_version);
  const { hosts } = await of(counted(db)).executeTakeFirstOrThrow();
  return Number(hosts);
}

const counted = (db: Db) => db.selectFrom('oat_hosts').select(({ fn }) => fn.countAll().as('hosts'));
