// OEMs and OSes as the OAT API keeps them: whoever an MLE belongs to.
import type { Db, OatOemRow, OatOsRow } from './schema.ts';

/** The vendor of a reference value of this OS. */
export const vendorOfOs = ({ name, version }: Pick<OatOsRow, 'name' | 'version'>): string =>
  `${name} ${version}`.trim();

/** By name. */
export const oemRows = async (db: Db): Promise<OatOemRow[]> =>
  await db.selectFrom('oat_oems').selectAll().orderBy('name').execute();

/** @returns false when there is one of this name */
export async function addOem(db: Db, row: OatOemRow): Promise<boolean> {
  const insert = db.insertInto('oat_oems').values(row);
  const added = await insert
    .onConflict((conflict) => conflict.doNothing())
    .returning('name')
    .executeTakeFirst();
  return added !== undefined;
}

/** Makes it where there is none. */
export async function keepOem(db: Db, { name, description }: OatOemRow): Promise<void> {
  await db
    .insertInto('oat_oems')
    .values({ name, description })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ description }))
    .execute();
}

/** @throws AssayError `storage-reference` while an MLE is its */
export async function removeOem(db: Db, name: string): Promise<void> {
  await db.deleteFrom('oat_oems').where('name', '=', name).execute();
}

/** By name and version. */
export const osRows = async (db: Db): Promise<OatOsRow[]> =>
  await db.selectFrom('oat_oses').selectAll().orderBy('name').orderBy('version').execute();

type NewOs = Omit<OatOsRow, 'vendor'>;

/** @returns false when there is this one, or one whose name and version read the same */
export async function addOs(db: Db, row: NewOs): Promise<boolean> {
  const insert = db.insertInto('oat_oses').values({ ...row, vendor: vendorOfOs(row) });
  const added = await insert
    .onConflict((conflict) => conflict.doNothing())
    .returning('name')
    .executeTakeFirst();
  return added !== undefined;
}

/** Makes it where there is none. */
export async function keepOs(db: Db, row: NewOs): Promise<void> {
  await db
    .insertInto('oat_oses')
    .values({ ...row, vendor: vendorOfOs(row) })
    .onConflict((conflict) => conflict.columns(['name', 'version']).doUpdateSet({ description: row.description }))
    .execute();
}

/** @throws AssayError `storage-reference` while an MLE is its */
export async function removeOs(db: Db, { name, version }: Pick<OatOsRow, 'name' | 'version'>): Promise<void> {
  await db.deleteFrom('oat_oses').where('name', '=', name).where('version', '=', version).execute();
}
