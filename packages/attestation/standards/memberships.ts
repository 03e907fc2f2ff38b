// What is this host held to now: the standards, the pools it is in by the labels it has, and its asset tags?
import type { ExpectedTags } from '@assay/appraisal';
import { sql } from 'kysely';
import { labelsOf } from '../storage/hosts.ts';
import type { Db } from '../storage/schema.ts';
import { expectedTagsOf, type TagColumns } from '../storage/tags.ts';
import { type Membership, membershipsOf, type ReadStandards, type Standards } from './standards.ts';

export type Held = {
  readonly standards: Standards;
  readonly memberships: readonly Membership[];
  /** Asset tags that have to be in its TPM; undefined: none. */
  readonly tags: ExpectedTags | undefined;
};

/** Of a host that is gone: those of one without labels. */
export async function heldTo(db: Db, read: ReadStandards, host: string): Promise<Held> {
  // One statement, because every round asks twice, and labels and tags have to be those of this revision.
  const { rows } = await sql<TagColumns & { labels: string; revision: number }>`
    select labels, host_tags.tags, host_tags.serial as tag_serial, host_tags.certified_at as tags_certified_at,
      coalesce((select version from versions where subject = 'standards'), 0) as revision
    from hosts left join host_tags on host_tags.host = hosts.name where name = ${host}`.execute(db);
  const [row] = rows;
  const standards = await read(db, row?.revision);
  const memberships = membershipsOf(standards, row ? labelsOf(row) : {});
  return { standards, memberships, tags: row && expectedTagsOf(row) };
}
