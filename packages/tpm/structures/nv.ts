// What is known of an NV index without reading it (TPMS_NV_PUBLIC): size, attributes, who may read, and its name.
import { createHash } from 'node:crypto';
import { AssayError, type Codec, encode, nested, type Of, sized, struct, u16, u32 } from '@assay/core';
import { HashAlg, hashId, nodeHash } from './algorithms.ts';
import { bitField } from './primitives.ts';

/** TPM_NT (Part 2, §13.2): what an index holds. */
const kinds = { ordinary: 0, counter: 1, bits: 2, extend: 4, pinFail: 8, pinPass: 9 } as const;
export type NvKind = keyof typeof kinds;

const Flags = bitField(u32, {
  ppWrite: 0,
  ownerWrite: 1,
  authWrite: 2,
  policyWrite: 3,
  kind0: 4,
  kind1: 5,
  kind2: 6,
  kind3: 7,
  policyDelete: 10,
  writeLocked: 11,
  writeAll: 12,
  writeDefine: 13,
  writeStClear: 14,
  globalLock: 15,
  ppRead: 16,
  ownerRead: 17,
  authRead: 18,
  policyRead: 19,
  noDa: 25,
  orderly: 26,
  clearStClear: 27,
  readLocked: 28,
  written: 29,
  platformCreate: 30,
  readStClear: 31,
});
type Flags = Omit<Of<typeof Flags>, 'kind0' | 'kind1' | 'kind2' | 'kind3'>;

/** TPMA_NV (Part 2, §13.4). */
export type NvAttributes = Flags & { kind: NvKind };
export const NvAttributes: Codec<NvAttributes> = {
  read(c, where) {
    const at = c.at;
    const { kind0, kind1, kind2, kind3, ...flags } = Flags.read(c, where);
    const number = Number(kind0) + 2 * Number(kind1) + 4 * Number(kind2) + 8 * Number(kind3);
    for (const kind of Object.keys(kinds) as NvKind[]) if (kinds[kind] === number) return { kind, ...flags };
    throw new AssayError('wire-value', `${where} at byte ${at}`, `a TPM_NT: ${Object.keys(kinds).join(', ')}`, number);
  },
  write(out, { kind, ...flags }) {
    const bit = (i: number) => ((kinds[kind] >> i) & 1) === 1;
    Flags.write(out, { ...flags, kind0: bit(0), kind1: bit(1), kind2: bit(2), kind3: bit(3) });
  },
};

const ordinary: NvAttributes = {
  kind: 'ordinary',
  ppWrite: false,
  ownerWrite: true,
  authWrite: true,
  policyWrite: false,
  policyDelete: false,
  writeLocked: false,
  writeAll: false,
  writeDefine: false,
  writeStClear: false,
  globalLock: false,
  ppRead: false,
  ownerRead: true,
  authRead: true,
  policyRead: false,
  noDa: true,
  orderly: false,
  clearStClear: false,
  readLocked: false,
  written: false,
  platformCreate: false,
  readStClear: false,
};

/** TPMS_NV_PUBLIC (Part 2, §13.5). `dataSize` in bytes. */
export const NvPublic = struct({
  index: u32,
  nameAlg: HashAlg,
  attributes: NvAttributes,
  authPolicy: sized(64),
  dataSize: u16,
});
export type NvPublic = Of<typeof NvPublic>;

/** An index of bytes that the owner and whoever has its password read and write, without lockout, but where `attributes` differ. */
export const nvAreaOf = ({
  index,
  size,
  attributes = {},
}: {
  index: number;
  size: number;
  attributes?: Partial<NvAttributes>;
}): NvPublic => ({
  index,
  nameAlg: 'sha256',
  attributes: { ...ordinary, ...attributes },
  authPolicy: new Uint8Array(),
  dataSize: size,
});

/** TPM2B_NV_PUBLIC. */
export const NvPublicSized: Codec<NvPublic> = nested(NvPublic, 512);

/** The Name of an NV index: nameAlg, then the hash of its public area, `written` included (Part 1, §16). 22 to 66 bytes. */
export function nvNameOf(area: NvPublic): Uint8Array {
  const digest = createHash(nodeHash(area.nameAlg)).update(encode(NvPublic, area)).digest();
  return Buffer.concat([encode(u16, hashId(area.nameAlg)), digest]);
}
