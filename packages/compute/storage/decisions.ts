// What the scheduler decided, host by host, kept for `assay scheduler explain`.
import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { DecisionsTable, HostDecision, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export type Decision = Omit<DecisionsTable, 'hosts'> & { hosts: HostDecision[] };

/** @returns the decision's id, for `setOutcome` */
export async function insertDecision(
  db: Db,
  decision: Omit<Decision, 'id' | 'created_at' | 'outcome'>,
  now: Date,
): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto('decisions')
    .values({
      ...decision,
      id,
      hosts: JSON.stringify(decision.hosts),
      outcome: null,
      created_at: now.toISOString(),
    })
    .execute();
  return id;
}

/** What came of it: `started`, or why the chosen host did not start the instance. */
export async function setOutcome(db: Db, id: string, outcome: string): Promise<void> {
  await db.updateTable('decisions').set({ outcome }).where('id', '=', id).execute();
}

/** Oldest first. */
export async function decisionsFor(db: Db, instanceId: string): Promise<Decision[]> {
  const rows = await db
    .selectFrom('decisions')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .orderBy('created_at')
    .orderBy('attempt')
    .execute();
  return rows.map((row) => ({ ...row, hosts: JSON.parse(row.hosts) as HostDecision[] }));
}
