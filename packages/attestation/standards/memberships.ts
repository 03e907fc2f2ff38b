// What is this host held to now: the standards, and the pools it is in by the labels it has?
import { sql } from 'kysely';
import { labelsOf } from '../storage/hosts.ts';
import type { Db } from '../storage/schema.ts';
import { type Membership, membershipsOf, type ReadStandards, type Standards } from './standards.ts';

export type Held = { readonly standards: Standards; readonly memberships: readonly Membership[] };

/** Of a host that is gone: those of one without labels. */
export async function heldTo(db: Db, read: ReadStandards, host: string): Promise<Held> {
  // One statement, because every round asks twice.
  const { rows } = await sql<{ labels: string; revision: number }>`
    select labels, coalesce((select version from versions where subject = 'standards'), 0) as revision
    from hosts where name = ${host}`.execute(db);
  const [row] = rows;
  const standards = await read(db, row?.revision);
  return { standards, memberships: membershipsOf(standards, row ? labelsOf(row) : {}) };
}
