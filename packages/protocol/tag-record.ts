// What stands of a host's asset tags in its TPM: 78 bytes in one NV index, which the TPM certifies. docs/oat.md has the layout.
// The record says for which TPM it was made and counts up, so that one that was moved, altered or is old is told apart.
import { createHash } from 'node:crypto';
import { bytes, choice, decode, encode, type Of, struct, u16, u32, u64 } from '@assay/core';
import { canonicalTags, type Tags } from './tags.ts';

/** In the range that is the owner's (TCG Registry of Reserved TPM 2.0 Handles: 0x01800000–0x01bfffff). */
export const tagIndex = 0x01a55a00;

/** Where the index differs from one that the owner and whoever has its (empty) password read and write: only the owner writes. */
export const tagIndexAttributes = { authWrite: false } as const;

/** Big-endian, as all that a TPM holds. */
const TagRecordCodec = struct({
  magic: choice(u32, { assetTags: 0x41544147 }), // ATAG
  layout: choice(u16, { 1: 1 }),
  serial: u64,
  /** SHA-256 of the EK's Name (TPM2B_NAME content). */
  ekDigest: bytes(32),
  /** SHA-256 of `canonicalTags`. */
  tagsDigest: bytes(32),
});
export type TagRecord = Omit<Of<typeof TagRecordCodec>, 'magic' | 'layout'>;

export const tagRecordBytes = 78;

/**
 * @param serial higher than that of every record before
 * @param ekName TPM2B_NAME content of the EK this host enrolled with
 */
export function tagRecord({ serial, ekName, tags }: { serial: number; ekName: Uint8Array; tags: Tags }): Uint8Array {
  const sum = (data: Uint8Array | string) => new Uint8Array(createHash('sha256').update(data).digest());
  return encode(TagRecordCodec, {
    magic: 'assetTags',
    layout: '1',
    serial: BigInt(serial),
    ekDigest: sum(ekName),
    tagsDigest: sum(canonicalTags(tags)),
  });
}

/** @throws AssayError `wire-…` for bytes that are no record */
export function readTagRecord(record: Uint8Array): TagRecord {
  const { serial, ekDigest, tagsDigest } = decode(TagRecordCodec, record, 'tag record');
  return { serial, ekDigest, tagsDigest };
}
