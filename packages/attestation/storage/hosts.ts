// Which hosts may enrol? Those an operator registered. Everything else known of a host hangs on its row and goes with it.
import { randomUUID } from 'node:crypto';
import { AssayError } from '@assay/core';
import { Labels, parse } from '@assay/protocol';
import { dropBootLog, lastBootLog } from './boot-logs.ts';
import { bootLogsOfHistory } from './evidence-history.ts';
import type { Db, EnrolmentRow, HostRow } from './schema.ts';

export type NewHost = { name: string; ekPin: string | undefined; labels?: Labels | undefined; now: Date };

/** @throws AssayError `host-exists` */
export async function registerHost(db: Db, { name, ekPin, labels = {}, now }: NewHost): Promise<HostRow> {
  const row: HostRow = {
    name,
    registration: randomUUID(),
    registered_at: now.toISOString(),
    ek_pin: ekPin ?? null,
    last_round: 0,
    labels: JSON.stringify(labels),
  };
  const added = await db
    .insertInto('hosts')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('name')
    .executeTakeFirst();
  if (!added) throw new AssayError('host-exists', `host ${name}`, 'a name that is not registered', 'a registered one');
  return row;
}

/** With its enrolment, challenges, evidence, verdicts and their history. @returns false when there was none of that name */
export async function removeHost(db: Db, name: string): Promise<boolean> {
  const logs = new Set(await bootLogsOfHistory(db, name));
  const last = await lastBootLog(db, name);
  if (last !== undefined) logs.add(last);
  const removed = await db.deleteFrom('hosts').where('name', '=', name).returning('name').executeTakeFirst();
  for (const log of logs) await dropBootLog(db, log);
  return removed !== undefined;
}

export async function findHost(db: Db, name: string): Promise<HostRow | undefined> {
  return await db.selectFrom('hosts').selectAll().where('name', '=', name).executeTakeFirst();
}

/** What is told of a host, without its verdict, which is read where its expiry is looked at. */
export type KnownHost = Pick<HostRow, 'name' | 'registered_at' | 'labels'> &
  Nullable<Pick<EnrolmentRow, 'enrolled_at' | 'ek_sha256' | 'ak_name'>>;
type Nullable<T> = { [K in keyof T]: T[K] | null };

/** All, by name; or those of one name. */
export async function knownHosts(db: Db, name?: string): Promise<KnownHost[]> {
  let query = db
    .selectFrom('hosts')
    .leftJoin('enrolments', 'enrolments.host', 'hosts.name')
    .select([
      'hosts.name',
      'hosts.registered_at',
      'hosts.labels',
      'enrolments.enrolled_at',
      'enrolments.ek_sha256',
      'enrolments.ak_name',
    ])
    .orderBy('hosts.name');
  if (name !== undefined) query = query.where('hosts.name', '=', name);
  return await query.execute();
}

/** @throws AssayError `message-schema` for what is none */
export const labelsOf = ({ labels }: Pick<HostRow, 'labels'>): Labels => parse(Labels, labels, 'labels');

/** These and no others. Run it in a transaction, and count `standards` up after it. @returns false when there is no such host */
export async function keepLabels(db: Db, name: string, labels: Labels): Promise<boolean> {
  const kept = await db
    .updateTable('hosts')
    .set({ labels: JSON.stringify(labels) })
    .where('name', '=', name)
    .returning('name')
    .executeTakeFirst();
  return kept !== undefined;
}
