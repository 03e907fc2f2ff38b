// Flavors and their extra specs.
import type { Kysely, Transaction } from 'kysely';
import type { FlavorSnapshot, FlavorsTable, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export type Flavor = FlavorsTable & { extra_specs: Record<string, string> };

/** By id as text, as Nova lists them. */
export async function allFlavors(db: Db): Promise<Flavor[]> {
  const rows = await db.selectFrom('flavors').selectAll().orderBy('id').execute();
  const specs = await db.selectFrom('flavor_extra_specs').selectAll().orderBy('key').execute();
  const of = Map.groupBy(specs, (spec) => spec.flavor_id);
  return rows.map((row) => ({ ...row, extra_specs: pairs(of.get(row.id) ?? []) }));
}

export async function flavorById(db: Db, id: string): Promise<Flavor | undefined> {
  const row = await db.selectFrom('flavors').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { ...row, extra_specs: await extraSpecsOf(db, id) };
}

/** @throws AssayError `storage-exists` when id or name is taken */
export async function insertFlavor(db: Db, flavor: FlavorsTable): Promise<void> {
  await db.insertInto('flavors').values(flavor).execute();
}

/** @returns whether there was one */
export async function deleteFlavor(db: Kysely<Tables>, id: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await trx.deleteFrom('flavor_extra_specs').where('flavor_id', '=', id).execute();
    return (await trx.deleteFrom('flavors').where('id', '=', id).executeTakeFirst()).numDeletedRows > 0n;
  });
}

async function extraSpecsOf(db: Db, flavorId: string): Promise<Record<string, string>> {
  return pairs(
    await db.selectFrom('flavor_extra_specs').selectAll().where('flavor_id', '=', flavorId).orderBy('key').execute(),
  );
}

export async function setExtraSpecs(db: Kysely<Tables>, flavorId: string, specs: Record<string, string>) {
  await db.transaction().execute(async (trx) => {
    for (const [key, value] of Object.entries(specs))
      await trx
        .insertInto('flavor_extra_specs')
        .values({ flavor_id: flavorId, key, value })
        .onConflict((conflict) => conflict.columns(['flavor_id', 'key']).doUpdateSet({ value }))
        .execute();
  });
}

/** @returns whether there was one */
export async function deleteExtraSpec(db: Db, flavorId: string, key: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('flavor_extra_specs')
    .where('flavor_id', '=', flavorId)
    .where('key', '=', key)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export function snapshot(flavor: Flavor): FlavorSnapshot {
  const { id, name, memory_mb, vcpus, root_gb, ephemeral_gb, swap_mb, extra_specs } = flavor;
  return { id, name, memory_mb, vcpus, root_gb, ephemeral_gb, swap_mb, extra_specs };
}

const pairs = (specs: { key: string; value: string }[]) =>
  Object.fromEntries(specs.map(({ key, value }) => [key, value]));
