// Instances: what the subscriber asked for and what became of it. The row is the only truth; nothing is kept beside it.
import type { TagDemands } from '@assay/protocol';
import type { Kysely, Transaction, Updateable } from 'kysely';
import { take } from './counters.ts';
import { insertAction } from './instance-actions.ts';
import { refuseOverQuota } from './quotas.ts';
import type { Fault, FlavorSnapshot, InstancesTable, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/** A row with its JSON read. `id` is the UUID every client uses. */
export type Instance = Omit<InstancesTable, 'flavor' | 'metadata' | 'fault' | 'trust_tags'> & {
  flavor: FlavorSnapshot;
  trust_tags: TagDemands | null;
  metadata: Record<string, string>;
  fault: Fault | null;
};

/** What a boot request gives; number, address, size columns and times are filled in here. */
export type NewInstance = Omit<
  Instance,
  | 'number'
  | 'address'
  | 'memory_mb'
  | 'vcpus'
  | 'root_gb'
  | 'availability_zone'
  | 'host'
  | 'node'
  | 'vm_state'
  | 'task_state'
  | 'power_state'
  | 'wanted'
  | 'fault'
  | 'created_at'
  | 'updated_at'
  | 'launched_at'
  | 'terminated_at'
  | 'deleted_at'
>;

/** Fields of an instance that may change after boot. */
export type InstanceChange = Partial<
  Pick<
    Instance,
    | 'name'
    | 'metadata'
    | 'availability_zone'
    | 'host'
    | 'node'
    | 'vm_state'
    | 'task_state'
    | 'power_state'
    | 'wanted'
    | 'fault'
    | 'launched_at'
    | 'terminated_at'
    | 'deleted_at'
  >
>;

/**
 * All instances of one request with their action `create`, or nothing.
 * @throws AssayError `quota-forbidden`
 */
export async function insertInstances(db: Kysely<Tables>, wanted: NewInstance[], now: Date): Promise<Instance[]> {
  return db.transaction().execute(async (trx) => {
    const first = await take(trx, 'instances', wanted.length); // locks: the quota below counts what others inserted
    await refuseOverQuota(trx, wanted);
    const at = now.toISOString();
    const rows = wanted.map((one, index): Instance => {
      const number = first + index;
      return {
        ...one,
        number,
        address: addressOf(number),
        memory_mb: one.flavor.memory_mb,
        vcpus: one.flavor.vcpus,
        root_gb: one.flavor.root_gb,
        availability_zone: null,
        host: null,
        node: null,
        vm_state: 'building',
        task_state: 'scheduling',
        power_state: 0,
        wanted: 'active',
        fault: null,
        created_at: at,
        updated_at: at,
        launched_at: null,
        terminated_at: null,
        deleted_at: null,
      };
    });
    await trx.insertInto('instances').values(rows.map(toRow)).execute();
    for (const { id: instance_id, request_id, user_id, project_id } of rows)
      await insertAction(trx, { instance_id, request_id, action: 'create', user_id, project_id }, now);
    return rows;
  });
}

/** Addresses of the guests' own user-mode network 169.254.0.0/16, away from 169.254.169.254 and from QEMU's 169.254.2.x. */
export function addressOf(number: number): string {
  const [perBlock, blocks] = [254, 128];
  return `169.254.${16 + (Math.floor(number / perBlock) % blocks)}.${1 + (number % perBlock)}`;
}

/** Deleted ones too: `vm_state` tells. */
export async function instanceById(db: Db, id: string): Promise<Instance | undefined> {
  const row = await db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

/** Those a host should run or is to delete: everything on it that is not deleted. */
export async function instancesOnHost(db: Db, host: string): Promise<Instance[]> {
  const rows = await db
    .selectFrom('instances')
    .selectAll()
    .where('host', '=', host)
    .where('vm_state', '!=', 'deleted')
    .orderBy('number')
    .execute();
  return rows.map(fromRow);
}

/** Not deleted, oldest first; with `unfinished` only those whose boot was under way. */
export async function livingInstances(db: Db, unfinished = false): Promise<Instance[]> {
  let query = db.selectFrom('instances').selectAll().where('vm_state', '!=', 'deleted').orderBy('number');
  if (unfinished) query = query.where('vm_state', '=', 'building');
  return (await query.execute()).map(fromRow);
}

/** All hosts have gone down, and what ran on them with them. What is wanted stays, so that it runs again when they are back. */
export async function allPoweredOff(db: Db, now: Date): Promise<void> {
  const off = { vm_state: 'stopped', power_state: 4, updated_at: now.toISOString() } as const;
  await db.updateTable('instances').set(off).where('vm_state', '=', 'active').execute();
}

/**
 * Changes an instance, if it is still as `expect` says.
 * @returns the instance as it is now; undefined: it was not as expected, nothing was changed
 */
export async function changeInstance(
  db: Db,
  id: string,
  change: InstanceChange,
  now: Date,
  expect: Partial<Pick<InstancesTable, 'vm_state' | 'task_state' | 'host' | 'wanted'>> = {},
): Promise<Instance | undefined> {
  const { metadata, fault, ...plain } = change;
  const set: Updateable<InstancesTable> = { ...plain, updated_at: now.toISOString() };
  if (metadata !== undefined) set.metadata = JSON.stringify(metadata);
  if (fault !== undefined) set.fault = fault && JSON.stringify(fault);
  let query = db.updateTable('instances').set(set).where('id', '=', id);
  for (const [column, value] of Object.entries(expect) as [keyof typeof expect, string | null][])
    query = value === null ? query.where(column, 'is', null) : query.where(column, '=', value as never);
  const row = await query.returningAll().executeTakeFirst();
  return row && fromRow(row);
}

function toRow(instance: Instance): InstancesTable {
  return {
    ...instance,
    flavor: JSON.stringify(instance.flavor),
    metadata: JSON.stringify(instance.metadata),
    trust_tags: instance.trust_tags && JSON.stringify(instance.trust_tags),
    fault: instance.fault && JSON.stringify(instance.fault),
  };
}

export function fromRow(row: InstancesTable): Instance {
  return {
    ...row,
    flavor: JSON.parse(row.flavor) as FlavorSnapshot,
    metadata: JSON.parse(row.metadata) as Record<string, string>,
    trust_tags: row.trust_tags === null ? null : (JSON.parse(row.trust_tags) as TagDemands),
    fault: row.fault === null ? null : (JSON.parse(row.fault) as Fault),
  };
}
