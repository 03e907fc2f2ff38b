// Which asset tags did an operator write for a host, and was their record seen in its TPM?
import type { ExpectedTags } from '@assay/appraisal';
import { checkTags, type HostTags, type Tags } from '@assay/protocol';
import type { Db, HostTagsRow } from './schema.ts';

/** What a query that joins `host_tags` brings. */
export type TagColumns = {
  tags: string | null;
  tag_serial: number | null;
  tags_certified_at: string | null;
};

/** Undefined: the host has no tags. @throws AssayError `message-schema` for a row that cannot be read */
export function expectedTagsOf({ tags, tag_serial: serial, tags_certified_at }: TagColumns): ExpectedTags | undefined {
  if (tags === null || serial === null) return undefined;
  const read = readTags(tags);
  return Object.keys(read).length === 0 ? undefined : { tags: read, serial, wasCertified: tags_certified_at !== null };
}

export const readTags = (text: string): Tags => checkTags(JSON.parse(text), 'stored tags');

/** As `evidence.tags` holds them. */
export const expectedTagsText = (expected: ExpectedTags | undefined): string | null =>
  expected ? JSON.stringify(expected) : null;
export const expectedTagsFrom = (text: string | null | undefined): ExpectedTags | undefined =>
  text ? (JSON.parse(text) as ExpectedTags) : undefined;

export async function findTags(db: Db, host: string): Promise<HostTagsRow | undefined> {
  return await db.selectFrom('host_tags').selectAll().where('host', '=', host).executeTakeFirst();
}

/** In the place of those of before. Run it in a transaction, and count `standards` up after it. */
export async function keepTags(
  db: Db,
  { host, ...fields }: Pick<HostTagsRow, 'host' | 'tags' | 'serial' | 'written_at'>,
): Promise<void> {
  const anew = { ...fields, certified_at: null, problem: null };
  await db
    .insertInto('host_tags')
    .values({ host, ...anew })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(anew))
    .execute();
}

/** The record was seen in the TPM: what differs from now on was changed there. */
export async function keepCertified(
  db: Db,
  { host, serial }: { host: string; serial: number },
  now: Date,
): Promise<void> {
  await db
    .updateTable('host_tags')
    .set({ certified_at: now.toISOString(), problem: null })
    .where('host', '=', host)
    .where('serial', '=', serial)
    .where('certified_at', 'is', null)
    .execute();
}

/** It could not be written. */
export async function keepProblem(
  db: Db,
  { host, serial, problem }: Pick<HostTagsRow, 'host' | 'serial'> & { problem: string },
): Promise<void> {
  await db
    .updateTable('host_tags')
    .set({ problem })
    .where('host', '=', host)
    .where('serial', '=', serial)
    .where('certified_at', 'is', null)
    .execute();
}

/** What is told of a host's tags, but for whether they are certified now. */
export type KnownTags = Pick<HostTags, 'tags' | 'serial' | 'written_at'> &
  Pick<HostTagsRow, 'certified_at' | 'problem'>;

/** Of hosts that have any, by name; or of one. */
export async function knownTags(db: Db, host?: string): Promise<Map<string, KnownTags>> {
  let query = db.selectFrom('host_tags').selectAll();
  if (host !== undefined) query = query.where('host', '=', host);
  const rows = await query.execute();
  return new Map(
    rows.flatMap(({ host, tags, serial, written_at, certified_at, problem }) => {
      const read = readTags(tags);
      const known = { tags: read, serial, written_at, certified_at, problem };
      return Object.keys(read).length === 0 ? [] : [[host, known] as const];
    }),
  );
}
