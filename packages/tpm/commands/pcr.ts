// Part 3, chapter 22: PCRs.
import { bytes, list, tagged, u32 } from '@assay/core';
import { HashAlg } from '../structures/algorithms.ts';
import { Digest } from '../structures/attest.ts';
import { PcrSelection } from '../structures/pcr-selection.ts';
import { command } from './command.ts';

/** TPMT_HA: a hash algorithm and a digest exactly as long as it says. */
const TaggedDigest = tagged({ hash: HashAlg }, 'hash', {
  sha1: { digest: bytes(20) },
  sha256: { digest: bytes(32) },
  sha384: { digest: bytes(48) },
  sha512: { digest: bytes(64) },
  sm3_256: { digest: bytes(32) },
  sha3_256: { digest: bytes(32) },
  sha3_384: { digest: bytes(48) },
  sha3_512: { digest: bytes(64) },
});

export const PcrExtend = command({
  name: 'TPM2_PCR_Extend',
  code: 0x182,
  handles: { pcrHandle: u32 },
  authorized: 1,
  parameters: { digests: list(TaggedDigest, 16) },
});

/** At most eight values at a time: `pcrSelectionOut` says which. */
export const PcrRead = command({
  name: 'TPM2_PCR_Read',
  code: 0x17e,
  parameters: { pcrSelectionIn: PcrSelection },
  returns: { pcrUpdateCounter: u32, pcrSelectionOut: PcrSelection, pcrValues: list(Digest, 8) },
});

/** Zeroes a PCR, where PCR and locality allow it: on a PC at locality 0 only 16 and 23. */
export const PcrReset = command({
  name: 'TPM2_PCR_Reset',
  code: 0x13d,
  handles: { pcrHandle: u32 },
  authorized: 1,
});
