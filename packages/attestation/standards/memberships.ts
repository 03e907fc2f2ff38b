// Which pools is a host in, by the labels it has now?
import { labelsOf } from '../storage/hosts.ts';
import type { Db } from '../storage/schema.ts';
import { type Membership, membershipsOf, type ReadStandards } from './standards.ts';

/** Of a host that is gone: those of one without labels. */
export async function membershipsIn(db: Db, standards: ReadStandards, host: string): Promise<Membership[]> {
  const row = await db.selectFrom('hosts').select('labels').where('name', '=', host).executeTakeFirst();
  return membershipsOf(await standards(db), row ? labelsOf(row) : {});
}
