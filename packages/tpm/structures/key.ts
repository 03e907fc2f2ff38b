// What is a key called, and what is it for node:crypto? The name binds all of the public area, not just the key.
// Only sound keys come through: of the lengths and curves that count as strong, with numbers in their range.
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
 * @throws AssayError `tpm-key` for symmetric objects, weak or unknown curves and lengths, exponents but 65537, points off the curve
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

const bad = (field: string, expected: string, got: unknown) =>
  new AssayError('tpm-key', `TPMT_PUBLIC.${field}`, expected, got);

function jwkOf(area: Public): Record<string, string> {
  if (area.type === 'rsa') return rsaJwk(area);
  if (area.type === 'ecc') return eccJwk(area);
  throw bad('type', 'rsa or ecc', area.type);
}

const rsaBits = [2048, 3072, 4096];
const usualExponent = 65537;

function rsaJwk({ keyBits, exponent, unique }: Extract<Public, { type: 'rsa' }>): Record<string, string> {
  if (!rsaBits.includes(keyBits)) throw bad('keyBits', rsaBits.join(', '), keyBits);
  if (exponent !== 0 && exponent !== usualExponent) throw bad('exponent', `0 or ${usualExponent}`, exponent);
  if (unique.length * 8 !== keyBits) throw bad('unique', `a modulus of ${keyBits} bits`, unique.length * 8);
  if ((unique[0] ?? 0) < 0x80) throw bad('unique', `a modulus of ${keyBits} bits`, 'a shorter one behind zeros');
  if ((unique.at(-1) ?? 0) % 2 === 0) throw bad('unique', 'an odd modulus', 'an even one');
  return { kty: 'RSA', n: base64url(unique), e: 'AQAB' };
}

function eccJwk({ curve: name, unique }: Extract<Public, { type: 'ecc' }>): Record<string, string> {
  const curve = nodeCurves[name];
  if (!curve) throw bad('curve', Object.keys(nodeCurves).join(', '), name);
  return {
    kty: 'EC',
    crv: curve.jwk,
    x: base64url(padded(unique.x, curve.bytes)),
    y: base64url(padded(unique.y, curve.bytes)),
  };
}

/** Left-padded with zeros to `size` bytes: TPMs may leave leading zeros out. @throws AssayError `tpm-key` when longer */
export function padded(number: Uint8Array, size: number): Uint8Array {
  if (number.length === size) return number;
  if (number.length > size) throw new AssayError('tpm-key', 'coordinate', `at most ${size} bytes`, number.length);
  const out = new Uint8Array(size);
  out.set(number, size - number.length);
  return out;
}

const base64url = (value: Uint8Array) => Buffer.from(value).toString('base64url');
