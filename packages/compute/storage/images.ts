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

/** Kernel and ramdisk an `ami` image names; undefined: it cannot be booted. */
export async function bootFilesOf(db: Db, imageId: string): Promise<BootFiles | undefined> {
  const image = await imageById(db, imageId);
  const [kernel, ramdisk] = [image?.properties['kernel_id'], image?.properties['ramdisk_id']];
  if (!kernel || !ramdisk) return undefined;
  const [kernelImage, ramdiskImage] = [await imageById(db, kernel), await imageById(db, ramdisk)];
  if (kernelImage?.container_format !== 'aki' || ramdiskImage?.container_format !== 'ari') return undefined;
  const file = ({ id, sha256, size }: Image): BootFile => ({ id, sha256, size });
  return { kernel: file(kernelImage), ramdisk: file(ramdiskImage) };
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
