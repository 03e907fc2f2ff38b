// Which algorithms have which numbers (TPM_ALG_ID, TPM_ECC_CURVE), and what a hash is called in node:crypto.
import { choice, u16 } from '@assay/core';

/** Hash algorithms by TPM_ALG_ID (Part 2, §6.3; TCG Algorithm Registry). */
export const hashIds = {
  sha1: 0x0004,
  sha256: 0x000b,
  sha384: 0x000c,
  sha512: 0x000d,
  sm3_256: 0x0012,
  sha3_256: 0x0027,
  sha3_384: 0x0028,
  sha3_512: 0x0029,
} as const;
export type HashName = keyof typeof hashIds;

const hashSizes: Record<HashName, number> = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
  sm3_256: 32,
  sha3_256: 32,
  sha3_384: 48,
  sha3_512: 64,
};

const nodeNames: Record<HashName, string> = {
  sha1: 'sha1',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  sm3_256: 'sm3',
  sha3_256: 'sha3-256',
  sha3_384: 'sha3-384',
  sha3_512: 'sha3-512',
};

export const hashNames = Object.keys(hashIds) as HashName[];

/** TPMI_ALG_HASH. */
export const HashAlg = choice(u16, hashIds);

/** Digest length in bytes. */
export const digestSize = (hash: HashName): number => hashSizes[hash];

/** TPM_ALG_ID of a hash. */
export const hashId = (hash: HashName): number => hashIds[hash];

/** The name node:crypto (OpenSSL) knows a hash by. */
export const nodeHash = (hash: HashName): string => nodeNames[hash];

/** TPMI_ALG_SYM_MODE+. */
export const SymMode = choice(u16, { ctr: 0x0040, ofb: 0x0041, cbc: 0x0042, cfb: 0x0043, ecb: 0x0044, null: 0x0010 });

const curveIds = { p192: 1, p224: 2, p256: 3, p384: 4, p521: 5, bn_p256: 0x10, bn_p638: 0x11, sm2_p256: 0x20 } as const;
export type CurveName = keyof typeof curveIds;

/** TPMI_ECC_CURVE (Part 2, §11.2.5). */
export const Curve = choice(u16, curveIds);

/** How node:crypto names a curve, and the length of one coordinate in bytes. Absent: node:crypto does not have it. */
export const nodeCurves: Partial<Record<CurveName, { jwk: string; openssl: string; bytes: number }>> = {
  p256: { jwk: 'P-256', openssl: 'prime256v1', bytes: 32 },
  p384: { jwk: 'P-384', openssl: 'secp384r1', bytes: 48 },
  p521: { jwk: 'P-521', openssl: 'secp521r1', bytes: 66 },
};
