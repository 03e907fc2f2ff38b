// What is known of an NV index without reading it (TPMS_NV_PUBLIC): size, attributes, who may read.
import { type Codec, nested, sized, struct, u16, u32 } from '@assay/core';
import { HashAlg, type HashName } from './algorithms.ts';

/** TPMS_NV_PUBLIC (Part 2, §13.5). `attributes` is TPMA_NV as a number, see `nvMay`. `dataSize` in bytes. */
export const NvPublic: Codec<NvPublic> = struct({
  index: u32,
  nameAlg: HashAlg,
  attributes: u32,
  authPolicy: sized(64),
  dataSize: u16,
});
export type NvPublic = {
  index: number;
  nameAlg: HashName;
  attributes: number;
  authPolicy: Uint8Array;
  dataSize: number;
};

/** TPM2B_NV_PUBLIC. */
export const NvPublicSized: Codec<NvPublic> = nested(NvPublic, 512);

/** Bits of TPMA_NV (Part 2, §13.4) that decide who reads. */
const bits = { ownerRead: 17, authRead: 18, written: 29 } as const;

/** Whether an NV index has this attribute. */
export const nvMay = (area: NvPublic, what: keyof typeof bits): boolean => ((area.attributes >>> bits[what]) & 1) === 1;
