// The vendor's certificate for an endorsement key, out of NV. Proves nothing until its chain and its key are checked.
import { AssayError } from '@assay/core';
import type { Runner } from '../commands/runner.ts';
import { nvReadIfDefined } from '../nv.ts';
import { handleText } from '../structures/handles.ts';
import { type EkProfile, ekProfiles } from './templates.ts';

/** @returns DER. @throws AssayError `tpm-no-ek-certificate` when this TPM has none of this profile */
export async function readEkCertificate(runner: Runner, profile: EkProfile): Promise<Uint8Array> {
  const index = ekProfiles[profile].certificateIndex;
  const where = `NV index ${handleText(index)}`;
  const found = await nvReadIfDefined(runner, index);
  if (found) return withoutPadding(found, where);
  throw new AssayError('tpm-no-ek-certificate', where, `an EK certificate (${profile})`, 'none', {
    hint: 'some vendors give EK certificates only over the network; a software TPM needs swtpm_setup --create-ek-cert',
  });
}

/**
 * Vendors fill an NV index up behind the certificate with zeros or ones; how long it is, its first bytes say.
 * @throws AssayError `tpm-ek-certificate` when there is no DER sequence, or bytes behind it that are no padding
 */
export function withoutPadding(contents: Uint8Array, where: string): Uint8Array {
  const bad = (expected: string, got: unknown) => new AssayError('tpm-ek-certificate', where, expected, got);
  const [tag, first = 0] = contents;
  if (tag !== 0x30) throw bad('a DER certificate (0x30)', contents.subarray(0, 4));
  // X.690, §8.1.3: below 128 the length itself, else the number of bytes that hold it.
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 2 || first === 0x80) throw bad('a length of at most 65535', contents.subarray(0, 4));
  const length =
    lengthBytes === 0 ? first : contents.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  const end = 2 + lengthBytes + length;
  if (end > contents.length) throw bad(`${end} bytes`, contents.length);
  const padding = contents.subarray(end);
  if (!padding.every((byte) => byte === padding[0] && (byte === 0 || byte === 0xff)))
    throw bad('nothing but padding behind the certificate', padding);
  return contents.subarray(0, end);
}
