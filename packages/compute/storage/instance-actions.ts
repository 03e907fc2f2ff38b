// What was asked of an instance, by whom and how it ended: `nova instance-action-list`.
import type { Kysely, Transaction } from 'kysely';
import type { InstanceActionsTable, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export async function insertAction(
  db: Db,
  action: Omit<InstanceActionsTable, 'start_time' | 'updated_at' | 'message'>,
  now: Date,
): Promise<void> {
  const at = now.toISOString();
  await db
    .insertInto('instance_actions')
    .values({ ...action, start_time: at, updated_at: at, message: null })
    .execute();
}

/** What was asked last came to its end; `failed` shows as message `Error`, as Nova's does. */
export async function finishNewestAction(db: Db, instanceId: string, failed: boolean, now: Date): Promise<void> {
  const newest = await db
    .selectFrom('instance_actions')
    .select('request_id')
    .where('instance_id', '=', instanceId)
    .orderBy('start_time', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!newest) return;
  await db
    .updateTable('instance_actions')
    .set({ updated_at: now.toISOString(), message: failed ? 'Error' : null })
    .where('instance_id', '=', instanceId)
    .where('request_id', '=', newest.request_id)
    .execute();
}

/** Newest first, as Nova lists them. */
export function actionsOf(db: Db, instanceId: string): Promise<InstanceActionsTable[]> {
  return db
    .selectFrom('instance_actions')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .orderBy('start_time', 'desc')
    .orderBy('request_id')
    .execute();
}
