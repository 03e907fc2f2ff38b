// MLEs as the OAT API keeps them, without their white lists, which are reference values; and how many hosts were registered with one.
import type { Db, OatMleRow } from './schema.ts';

export type MleType = 'BIOS' | 'VMM';

/** What tells one MLE from another. */
export type MleKey = Pick<OatMleRow, 'name' | 'version' | 'vendor'> & { readonly type: MleType };

/** By name, version, type and vendor. */
export async function mleRows(db: Db): Promise<(OatMleRow & MleKey)[]> {
  const rows = await db.selectFrom('oat_mles').selectAll().execute();
  return rows.map((row) => ({ ...row, type: row.type === 'BIOS' ? 'BIOS' : 'VMM' }));
}

/** @returns false when there is one of this key  @throws AssayError `storage-reference` without its OEM or OS */
export async function addMle(db: Db, row: OatMleRow): Promise<boolean> {
  const insert = db.insertInto('oat_mles').values(row);
  const added = await insert
    .onConflict((conflict) => conflict.doNothing())
    .returning('name')
    .executeTakeFirst();
  return added !== undefined;
}

/** Makes it where there is none; where there is one, its description, type of attestation and source change. */
export async function keepMle(db: Db, row: OatMleRow): Promise<void> {
  const { description, attestation_type, source_host } = row;
  await db
    .insertInto('oat_mles')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['type', 'name', 'version', 'vendor'])
        .doUpdateSet({ description, attestation_type, source_host }),
    )
    .execute();
}

export async function removeMle(db: Db, { type, name, version, vendor }: MleKey): Promise<void> {
  await db
    .deleteFrom('oat_mles')
    .where('type', '=', type)
    .where('name', '=', name)
    .where('version', '=', version)
    .where('vendor', '=', vendor)
    .execute();
}

/** Hosts that were registered with it. @param os of a VMM: name and version as they were given */
export async function hostsOfMle(
  db: Db,
  { type, name, version, vendor }: MleKey,
  os: { readonly name: string | null; readonly version: string | null },
): Promise<number> {
  const count = db.selectFrom('oat_hosts').select(({ fn }) => fn.countAll().as('count'));
  const found = await (type === 'BIOS'
    ? count.where('bios_name', '=', name).where('bios_version', '=', version).where('bios_oem', '=', vendor)
    : count
        .where('vmm_name', '=', name)
        .where('vmm_version', '=', version)
        .where('vmm_os_name', '=', os.name)
        .where('vmm_os_version', '=', os.version)
  ).executeTakeFirst();
  return Number(found?.count ?? 0);
}
