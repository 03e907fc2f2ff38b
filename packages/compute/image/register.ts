// Takes a kernel and a ramdisk into the image service, as an AMI-style image. The only way in at first: there is no upload.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import type { Kysely } from 'kysely';
import { allImages, hideImages, type Image, insertImage } from '../storage/images.ts';
import type { Tables } from '../storage/tables.ts';

export type ImageSource = {
  /** `assay-mini`; kernel and ramdisk become `assay-mini-kernel` and `assay-mini-ramdisk`. */
  name: string;
  kernelPath: string;
  initrdPath: string;
  /** MB a flavor must have at least */
  minRam?: number;
  properties?: Record<string, string>;
};

/** Bytes, MD5 (Glance's checksum, never relied on), SHA-256 (the file's name), SHA-512 (os_hash_value). */
type Stored = Pick<Image, 'size' | 'checksum' | 'sha256' | 'sha512'>;

/**
 * Idempotent: the same files under the same name stay the image they are. Other files make a new image; the old one is
 * hidden, not changed, since instances were booted from it.
 * @param directory `[image] directory`
 * @throws AssayError `image-file` for what cannot be read or stored
 */
export async function registerImage(
  db: Kysely<Tables>,
  directory: string,
  { name, kernelPath, initrdPath, minRam = 0, properties = {} }: ImageSource,
  now: Date,
): Promise<Image> {
  await mkdir(directory, { recursive: true });
  const kernel = await store(directory, kernelPath);
  const ramdisk = await store(directory, initrdPath);
  const none = await store(directory, '/dev/null'); // an AMI of kernel and ramdisk alone has no root disk
  return db.transaction().execute(async (trx) => {
    const there = (await allImages(trx)).filter((image) => image.os_hidden === 0);
    const part = (suffix: string) => there.find((image) => image.name === `${name}-${suffix}`);
    const whole = there.find((image) => image.name === name);
    const [oldKernel, oldRamdisk] = [part('kernel'), part('ramdisk')];
    if (
      whole &&
      oldKernel?.sha256 === kernel.sha256 &&
      oldRamdisk?.sha256 === ramdisk.sha256 &&
      whole.properties['kernel_id'] === oldKernel.id &&
      whole.properties['ramdisk_id'] === oldRamdisk.id
    )
      return whole;
    await hideImages(trx, [name, `${name}-kernel`, `${name}-ramdisk`], now);
    const make = async (suffix: string, format: string, stored: Stored, more: Record<string, string>) => {
      const at = now.toISOString();
      const image: Image = {
        id: randomUUID(),
        name: `${name}${suffix}`,
        status: 'active',
        visibility: 'public',
        owner: null,
        container_format: format,
        disk_format: format,
        ...stored,
        min_ram: suffix ? 0 : minRam,
        min_disk: 0,
        os_hidden: 0,
        properties: more,
        created_at: at,
        updated_at: at,
      };
      await insertImage(trx, image);
      return image;
    };
    const { id: kernel_id } = await make('-kernel', 'aki', kernel, {});
    const { id: ramdisk_id } = await make('-ramdisk', 'ari', ramdisk, {});
    return make('', 'ami', none, { ...properties, kernel_id, ramdisk_id });
  });
}

/** Copies a file in under its SHA-256; whoever reads the directory sees whole files only. */
async function store(directory: string, path: string): Promise<Stored> {
  const beside = join(directory, `.${randomUUID()}`);
  const [md5, sha256, sha512] = [createHash('md5'), createHash('sha256'), createHash('sha512')];
  let size = 0;
  try {
    const out = await open(beside, 'wx', 0o644);
    try {
      for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
        for (const hash of [md5, sha256, sha512]) hash.update(part);
        size += part.length;
        await out.writeFile(part);
      }
      await out.sync();
    } finally {
      await out.close();
    }
    const stored = { size, checksum: md5.digest('hex'), sha256: sha256.digest('hex'), sha512: sha512.digest('hex') };
    await rename(beside, join(directory, stored.sha256));
    return stored;
  } catch (cause) {
    throw new AssayError('image-file', path, `a file that can be copied into ${directory}`, cause, { cause });
  } finally {
    await rm(beside, { force: true });
  }
}
