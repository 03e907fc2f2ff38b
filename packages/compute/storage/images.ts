// Images: their descriptions. The bytes lie in `[image] directory` under their SHA-256.
import type { Kysely, Transaction } from 'kysely';
import type { ImagesTable, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export type Image = Omit<ImagesTable, 'properties'> & { properties: Record<string, string> };

/** What a host must fetch to start an instance: the file's name in the image directory is its SHA-256. */
export type BootFile = { id: string; sha256: string; size: number };
export type BootFiles = { kernel: BootFile; ramdisk: BootFile };

export async function imageById(db: Db, id: string): Promise<Image | undefined> {
  const row = await db.selectFrom('images').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

/** Newest first, as Glance lists them. */
export async function allImages(db: Db): Promise<Image[]> {
  const rows = await db.selectFrom('images').selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').execute();
  return rows.map(fromRow);
}

/** The files of an instance's (or image's) kernel and ramdisk; undefined: it cannot be booted. */
export async function bootFilesOf(
  db: Db,
  { kernel_id, ramdisk_id }: { kernel_id?: string | undefined; ramdisk_id?: string | undefined },
): Promise<BootFiles | undefined> {
  if (!kernel_id || !ramdisk_id) return undefined;
  const [kernel, ramdisk] = [await imageById(db, kernel_id), await imageById(db, ramdisk_id)];
  if (kernel?.container_format !== 'aki' || ramdisk?.container_format !== 'ari') return undefined;
  const file = ({ id, sha256, size }: Image): BootFile => ({ id, sha256, size });
  return { kernel: file(kernel), ramdisk: file(ramdisk) };
}

export async function insertImage(db: Db, image: Image): Promise<void> {
  await db
    .insertInto('images')
    .values({ ...image, properties: JSON.stringify(image.properties) })
    .execute();
}

function fromRow(row: ImagesTable): Image {
  return { ...row, properties: JSON.parse(row.properties) as Record<string, string> };
}

/** Superseded: gone from lists, still there for instances that were booted from them. */
export async function hideImages(db: Db, names: readonly string[], now: Date): Promise<void> {
  await db
    .updateTable('images')
    .set({ os_hidden: 1, updated_at: now.toISOString() })
    .where('name', 'in', names)
    .where('os_hidden', '=', 0)
    .execute();
}
