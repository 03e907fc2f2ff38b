// How Glance v2 shows images.
import type { Image } from '../storage/images.ts';

const seconds = (time: string) => time.replace(/\.\d{3}Z$/, 'Z');

/** Properties first: none of them can take the place of a field. */
export function imageView(image: Image) {
  return {
    ...image.properties,
    name: image.name,
    disk_format: image.disk_format,
    container_format: image.container_format,
    visibility: image.visibility,
    size: image.size,
    virtual_size: null,
    status: image.status,
    checksum: image.checksum,
    protected: false,
    min_ram: image.min_ram,
    min_disk: image.min_disk,
    owner: image.owner,
    os_hidden: image.os_hidden === 1,
    os_hash_algo: 'sha512',
    os_hash_value: image.sha512,
    id: image.id,
    created_at: seconds(image.created_at),
    updated_at: seconds(image.updated_at),
    tags: [],
    self: `/v2/images/${image.id}`,
    file: `/v2/images/${image.id}/file`,
    schema: '/v2/schemas/image',
  };
}

export function versionsView(base: string) {
  const version = (id: string, status: string) => ({ id, status, links: [{ rel: 'self', href: `${base}/v2/` }] });
  return { versions: [version('v2.9', 'CURRENT'), version('v2.7', 'SUPPORTED'), version('v2.2', 'SUPPORTED')] };
}

const text = { type: ['null', 'string'] };
const uuid = {
  type: 'string',
  pattern: '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$',
};
const formats = ['ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker', 'compressed'];

/** JSON schema of one image, as `/v2/schemas/image` gives it; `glance` builds its tables from it. */
export const imageSchema = {
  name: 'image',
  properties: {
    id: { ...uuid, description: 'An identifier for the image' },
    name: { ...text, maxLength: 255 },
    status: {
      type: 'string',
      readOnly: true,
      enum: ['queued', 'saving', 'active', 'killed', 'deleted', 'deactivated'],
    },
    visibility: { type: 'string', enum: ['community', 'public', 'private', 'shared'] },
    protected: { type: 'boolean' },
    os_hidden: { type: 'boolean' },
    checksum: { ...text, readOnly: true, maxLength: 32 },
    os_hash_algo: { ...text, readOnly: true, maxLength: 64 },
    os_hash_value: { ...text, readOnly: true, maxLength: 128 },
    owner: { ...text, maxLength: 255 },
    size: { type: ['null', 'integer'], readOnly: true, description: 'Size of image file in bytes' },
    virtual_size: { type: ['null', 'integer'], readOnly: true },
    container_format: { ...text, enum: [null, ...formats] },
    disk_format: {
      ...text,
      enum: [null, 'ami', 'ari', 'aki', 'raw', 'qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx', 'iso', 'ploop'],
    },
    created_at: { type: 'string', readOnly: true },
    updated_at: { type: 'string', readOnly: true },
    tags: { type: 'array', items: { type: 'string', maxLength: 255 } },
    min_ram: { type: 'integer', description: 'Amount of ram (in MB) required to boot image.' },
    min_disk: { type: 'integer', description: 'Amount of disk space (in GB) required to boot image.' },
    self: { type: 'string', readOnly: true },
    file: { type: 'string', readOnly: true },
    schema: { type: 'string', readOnly: true },
    kernel_id: { ...uuid, type: ['null', 'string'], is_base: false },
    ramdisk_id: { ...uuid, type: ['null', 'string'], is_base: false },
  },
  additionalProperties: { type: 'string' },
  links: [
    { rel: 'self', href: '{self}' },
    { rel: 'enclosure', href: '{file}' },
    { rel: 'describedby', href: '{schema}' },
  ],
};

export const imagesSchema = {
  name: 'images',
  properties: {
    images: { type: 'array', items: imageSchema },
    first: { type: 'string' },
    next: { type: 'string' },
    schema: { type: 'string' },
  },
  links: [
    { rel: 'first', href: '{first}' },
    { rel: 'next', href: '{next}' },
    { rel: 'describedby', href: '{schema}' },
  ],
};
