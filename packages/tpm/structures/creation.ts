// In which circumstances did a TPM make a key (TPMS_CREATION_DATA)? Proves nothing until the TPM has certified its hash.
import { choice, type Of, sized, struct, u8, u16 } from '@assay/core';
import { hashIds } from './algorithms.ts';
import { Digest, Name } from './attest.ts';
import { PcrSelection } from './pcr-selection.ts';

/** TPMS_CREATION_DATA (Part 2, §15.1). Of a primary key the parent's name is the hierarchy's handle, its nameAlg null. */
export const CreationData = struct({
  pcrSelect: PcrSelection,
  pcrDigest: Digest,
  /** TPMA_LOCALITY: a bit for each of 0–4, or an extended locality from 32 on. */
  locality: u8,
  parentNameAlg: choice(u16, { ...hashIds, null: 0x0010 }),
  parentName: Name,
  parentQualifiedName: Name,
  outsideInfo: sized(66),
});
export type CreationData = Of<typeof CreationData>;
