// What is a key called, and what is it for node:crypto? The name binds all of the public area, not just the key.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { AssayError, decode, encode, u16 } from '@assay/core';
import { hashId, nodeCurves, nodeHash } from './algorithms.ts';
import { Public } from './public-area.ts';

/**
 * The Name of an object: nameAlg, then the hash of the whole public area (Part 1, §16).
 * @param publicArea TPMT_PUBLIC, without the length of a TPM2B
 * @returns what stands in a TPM2B_NAME, 22 to 66 bytes
 */
export function nameOf(publicArea: Uint8Array): Uint8Array {
  const { nameAlg } = decode(Public, publicArea, 'TPMT_PUBLIC');
  const digest = createHash(nodeHash(nameAlg)).update(publicArea).digest();
  return Buffer.concat([encode(u16, hashId(nameAlg)), digest]);
}

/**
 * The key in a public area, for verifying signatures or encrypting.
 * @param publicArea TPMT_PUBLIC as bytes, or already decoded
 * @throws AssayError `tpm-key` for symmetric objects, curves node:crypto does not have, points off the curve
 */
export function publicKeyOf(publicArea: Uint8Array | Public): KeyObject {
  const area = publicArea instanceof Uint8Array ? decode(Public, publicArea, 'TPMT_PUBLIC') : publicArea;
  return publicKeyFromJwk(jwkOf(area));
}

/** JWK (RFC 7517) to key. @throws AssayError `tpm-key` */
function publicKeyFromJwk(jwk: Record<string, string>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw new AssayError('tpm-key', 'TPMT_PUBLIC.unique', 'a valid public key', jwk, { cause });
  }
}

function jwkOf(area: Public): Record<string, string> {
  if (area.type === 'rsa') {
    if (area.keyBits < 1024 || area.unique.length * 8 !== area.keyBits)
      throw new AssayError(
        'tpm-key',
        'TPMT_PUBLIC.unique',
        `a modulus of ${area.keyBits} bits`,
        area.unique.length * 8,
      );
    return { kty: 'RSA', n: base64url(area.unique), e: base64url(exponentBytes(area.exponent || 65537)) };
  }
  if (area.type !== 'ecc') throw new AssayError('tpm-key', 'TPMT_PUBLIC.type', 'rsa or ecc', area.type);
  const curve = nodeCurves[area.curve];
  if (!curve) throw new AssayError('tpm-key', 'TPMT_PUBLIC.curve', 'p256, p384 or p521', area.curve);
  return {
    kty: 'EC',
    crv: curve.jwk,
    x: base64url(padded(area.unique.x, curve.bytes)),
    y: base64url(padded(area.unique.y, curve.bytes)),
  };
}

/** Left-padded with zeros to `size` bytes: TPMs may leave leading zeros out. @throws AssayError `tpm-key` when longer */
export function padded(number: Uint8Array, size: number): Uint8Array {
  if (number.length > size) throw new AssayError('tpm-key', 'coordinate', `at most ${size} bytes`, number.length);
  const out = new Uint8Array(size);
  out.set(number, size - number.length);
  return out;
}

const base64url = (value: Uint8Array) => Buffer.from(value).toString('base64url');

const exponentBytes = (exponent: number) => {
  const hex = exponent.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
};
