// Hosts: what each offers, whether an operator disabled it, when it was last heard of. What is used is counted from instances.
import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { take } from './counters.ts';
import type { ComputeNodesTable, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export type ComputeNode = ComputeNodesTable;
/** What a host says of itself when it connects. `host` comes from its certificate. */
export type NodeReport = Pick<
  ComputeNode,
  'host' | 'hypervisor_hostname' | 'zone' | 'vcpus' | 'memory_mb' | 'local_gb' | 'hypervisor_version' | 'host_ip'
>;
/** Sum over the instances on a host that are not deleted. */
export type Usage = { instances: number; vcpus: number; memory_mb: number; local_gb: number };

/** A host connected: its row is made or brought up to date; an operator's `disabled` stays. */
export async function reportNode(db: Kysely<Tables>, report: NodeReport, now: Date): Promise<ComputeNode> {
  const at = now.toISOString();
  return db.transaction().execute(async (trx) => {
    const number = await take(trx, 'compute_nodes');
    return trx
      .insertInto('compute_nodes')
      .values({
        ...report,
        id: randomUUID(),
        service_id: randomUUID(),
        number,
        last_seen_at: at,
        disabled: 0,
        disabled_reason: null,
        created_at: at,
        updated_at: at,
      })
      .onConflict((conflict) => conflict.column('host').doUpdateSet({ ...report, last_seen_at: at, updated_at: at }))
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}

/** A heartbeat. */
export async function nodeSeen(db: Db, host: string, now: Date): Promise<void> {
  await db.updateTable('compute_nodes').set({ last_seen_at: now.toISOString() }).where('host', '=', host).execute();
}

/** By host name. */
export function allNodes(db: Db): Promise<ComputeNode[]> {
  return db.selectFrom('compute_nodes').selectAll().orderBy('host').execute();
}

/** Up: heard of within `serviceDownTimeS` (Nova's `service_down_time`, 60 s). A word from the future is none: a clock was set back. */
export function isUp(node: Pick<ComputeNode, 'last_seen_at'>, now: Date, serviceDownTimeS: number): boolean {
  return Math.abs(now.getTime() - Date.parse(node.last_seen_at)) <= serviceDownTimeS * 1000;
}

export async function setDisabled(
  db: Db,
  serviceId: string,
  disabled: boolean,
  reason: string | null,
  now: Date,
): Promise<ComputeNode | undefined> {
  return db
    .updateTable('compute_nodes')
    .set({ disabled: disabled ? 1 : 0, disabled_reason: disabled ? reason : null, updated_at: now.toISOString() })
    .where('service_id', '=', serviceId)
    .returningAll()
    .executeTakeFirst();
}

/** Host → usage; a host without instances is absent. Inside a transaction this is what a claim compares with. */
export async function usageByHost(db: Db): Promise<Map<string, Usage>> {
  const rows = await db
    .selectFrom('instances')
    .select((eb) => [
      'host',
      eb.fn.countAll().as('instances'),
      eb.fn.sum('vcpus').as('vcpus'),
      eb.fn.sum('memory_mb').as('memory_mb'),
      eb.fn.sum('root_gb').as('local_gb'),
    ])
    .where('host', 'is not', null)
    .where('vm_state', '!=', 'deleted')
    .groupBy('host')
    .execute();
  return new Map(
    rows.map((row) => [
      row.host ?? '',
      {
        instances: Number(row.instances),
        vcpus: Number(row.vcpus),
        memory_mb: Number(row.memory_mb),
        local_gb: Number(row.local_gb),
      },
    ]),
  );
}
