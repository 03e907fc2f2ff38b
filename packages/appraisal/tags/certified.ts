// Are these the asset tags that an operator wrote for this host? By the record in its TPM: made for this TPM, of the last serial number, over
// these very tags. Where anything differs no tag is certified.
import { createHash } from 'node:crypto';
import { AssayError } from '@assay/core';
import { canonicalTags, type Finding, readTagRecord, type TagRecord, type Tags, tagsText } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import type { TagIndexReading } from './nv-proof.ts';

/** What has to be in the host's TPM, as the operator wrote it. */
export type ExpectedTags = {
  readonly tags: Tags;
  readonly serial: number;
  /** Whether this serial number was seen in the TPM once. Until then what is there may be of before. */
  readonly wasCertified: boolean;
};

/** `tags` absent: none are certified, and `finding` says why; both absent: the host has none. */
export type CertifiedTags = { readonly tags?: Tags; readonly finding?: Finding };

type Given = {
  /** Undefined: the host has no tags. */
  expected: ExpectedTags | undefined;
  /** Undefined: nothing of the index came. */
  reading: TagIndexReading | undefined;
  /** Why, in the agent's words. */
  absent?: string | undefined;
  /** Hex TPM2B_NAME content of the EK the host is enrolled with. */
  ekName: string;
};

const where = 'asset tags';

export function certifiedTags({ expected, reading, absent, ekName }: Given): CertifiedTags {
  if (!expected || Object.keys(expected.tags).length === 0) return {};
  const { tags, serial, wasCertified } = expected;
  const wanted = `record ${serial} (${tagsText(tags)}), certified`;
  const missing = (seen: string) => ({ finding: finding('tag-missing', where, wanted, seen) });
  if (!reading) return missing(absent ?? (wasCertified ? 'nothing about them' : 'nothing yet'));
  if ('finding' in reading) return reading;
  const record = recordIn(reading.contents);
  if ('finding' in record) return record;
  if (!isSum(record.ekDigest, Buffer.from(ekName, 'hex')))
    return { finding: finding('tag-foreign', where, `a record for the TPM of this host`, 'one for another TPM') };
  if (record.serial < serial)
    return wasCertified
      ? { finding: finding('tag-stale', where, wanted, `record ${record.serial}: an old one was written back`) }
      : missing(`still record ${record.serial}`);
  const altered = (seen: string) => ({ finding: finding('tag-altered', where, wanted, seen) });
  if (record.serial > serial) return altered(`record ${record.serial}, which nobody wrote`);
  if (!isSum(record.tagsDigest, canonicalTags(tags))) return altered('this record over other tags');
  return { tags };
}

function recordIn(contents: Uint8Array): TagRecord | { finding: Finding } {
  try {
    return readTagRecord(contents);
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { finding: finding('tag-altered', where, 'a record as the server makes it', error.message) };
  }
}

const isSum = (digest: Uint8Array, of: Uint8Array | string): boolean =>
  Buffer.compare(createHash('sha256').update(of).digest(), digest) === 0;
