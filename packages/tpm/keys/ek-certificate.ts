// The vendor's certificates for endorsement keys, out of NV. They prove nothing until chain and key are checked.
import { AssayError } from '@assay/core';
import { capability } from '../capability.ts';
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

/** EK Credential Profile, §2.2.1.5: where chain certificates stand. */
const chainIndices = { first: 0x01c00100, last: 0x01c001ff } as const;
/** More than any vendor leaves; what lies behind is not looked at. */
const longestChain = { bytes: 64 * 1024, certificates: 8 } as const;

/**
 * The CAs between EK certificate and root that a vendor left beside it, DER, in the order they stand in. Vendors write them one
 * behind the other, through as many indices as it takes. They are hints, never anchors: what is no certificate ends the list.
 */
export async function readEkChain(runner: Runner): Promise<Uint8Array[]> {
  const count = chainIndices.last - chainIndices.first + 1;
  const { handles } = await capability(runner, 'handles', chainIndices.first, count);
  let all: Uint8Array = new Uint8Array();
  for (const index of handles.filter((handle) => handle <= chainIndices.last)) {
    if (all.length >= longestChain.bytes) break;
    const part = await nvReadIfDefined(runner, index).catch(refused);
    if (!part) break;
    all = Buffer.concat([all, part]);
  }
  return certificatesIn(all).slice(0, longestChain.certificates);
}

/** An index that may not be read is as good as none; a TPM that is gone is an error. */
function refused(error: unknown): undefined {
  if (error instanceof AssayError && error.code.startsWith('tpm-rc')) return undefined;
  throw error;
}

/** DER certificates one behind the other, padding between and behind them passed over. Ends at the first byte that is neither. */
export function certificatesIn(contents: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < contents.length; ) {
    if (contents[at] === 0x00 || contents[at] === 0xff) {
      at++;
      continue;
    }
    const length = derLength(contents.subarray(at));
    if (length === undefined || at + length > contents.length) break;
    found.push(contents.subarray(at, at + length));
    at += length;
  }
  return found;
}

/**
 * Vendors fill an NV index up behind the certificate with zeros or ones; how long it is, its first bytes say.
 * @throws AssayError `tpm-ek-certificate` when there is no DER sequence, or bytes behind it that are no padding
 */
export function withoutPadding(contents: Uint8Array, where: string): Uint8Array {
  const bad = (expected: string, got: unknown) => new AssayError('tpm-ek-certificate', where, expected, got);
  const end = derLength(contents);
  if (end === undefined) throw bad('a DER certificate (0x30) with a length of at most 65535', contents.subarray(0, 4));
  if (end > contents.length) throw bad(`${end} bytes`, contents.length);
  const padding = contents.subarray(end);
  if (!padding.every((byte) => byte === padding[0] && (byte === 0 || byte === 0xff)))
    throw bad('nothing but padding behind the certificate', padding);
  return contents.subarray(0, end);
}

/** How many bytes a DER sequence says it has, with tag and length (X.690, §8.1.3); `undefined`: it is none, or beyond 65535. */
function derLength([tag, first = 0x80, high = 0, low = 0]: Uint8Array): number | undefined {
  if (tag !== 0x30) return undefined;
  if (first < 0x80) return 2 + first;
  if (first === 0x81) return 3 + high;
  return first === 0x82 ? 4 + high * 256 + low : undefined;
}
