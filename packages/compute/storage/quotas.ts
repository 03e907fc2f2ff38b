// How much a project may have. Counted from the instances themselves, inside the transaction that adds to them.
import type { Kysely, Transaction } from 'kysely';
import { Refusal } from '../refusal.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/** Nova's defaults; -1 is no limit. */
export const defaultQuotas = {
  instances: 10,
  cores: 20,
  ram: 51200,
  metadata_items: 128,
  key_pairs: 100,
  server_groups: 10,
  server_group_members: 10,
};
export type Quota = keyof typeof defaultQuotas;
export type Quotas = Record<Quota, number>;

export async function quotasOf(db: Db, projectId: string): Promise<Quotas> {
  const rows = await db.selectFrom('quotas').selectAll().where('project_id', '=', projectId).execute();
  return { ...defaultQuotas, ...Object.fromEntries(rows.map((row) => [row.resource, row.hard_limit])) };
}

export async function setQuotas(db: Kysely<Tables>, projectId: string, change: Partial<Quotas>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const [resource, hard_limit] of Object.entries(change))
      await trx
        .insertInto('quotas')
        .values({ project_id: projectId, resource, hard_limit })
        .onConflict((conflict) => conflict.columns(['project_id', 'resource']).doUpdateSet({ hard_limit }))
        .execute();
  });
}

export type Used = { instances: number; cores: number; ram: number };

export async function usedBy(db: Db, projectId: string): Promise<Used> {
  const row = await db
    .selectFrom('instances')
    .select((eb) => [
      eb.fn.countAll().as('instances'),
      eb.fn.sum('vcpus').as('cores'),
      eb.fn.sum('memory_mb').as('ram'),
    ])
    .where('project_id', '=', projectId)
    .where('vm_state', '!=', 'deleted')
    .executeTakeFirstOrThrow();
  return { instances: Number(row.instances), cores: Number(row.cores ?? 0), ram: Number(row.ram ?? 0) };
}

/** @throws AssayError `quota-forbidden`, in Nova's words */
export async function refuseOverQuota(
  trx: Transaction<Tables>,
  wanted: { project_id: string; flavor: { memory_mb: number; vcpus: number } }[],
): Promise<void> {
  const project = wanted[0]?.project_id;
  if (project === undefined) return;
  const [limits, used] = [await quotasOf(trx, project), await usedBy(trx, project)];
  const asked: Used = {
    instances: wanted.length,
    cores: wanted.reduce((sum, one) => sum + one.flavor.vcpus, 0),
    ram: wanted.reduce((sum, one) => sum + one.flavor.memory_mb, 0),
  };
  const over = (['instances', 'cores', 'ram'] as const).filter(
    (name) => limits[name] >= 0 && used[name] + asked[name] > limits[name],
  );
  if (over.length === 0) return;
  const each = (numbers: Used | Quotas) => over.map((name) => numbers[name]).join(', ');
  throw new Refusal(
    'quota-forbidden',
    `Quota exceeded for ${over.join(', ')}: Requested ${each(asked)}, but already used ${each(used)} of ${each(limits)} ${over.join(', ')}`,
  );
}
