// Is this an ECDSA signature over this digest (FIPS 186-5, §6.4.2)? Node verifies over a message alone, which it hashes itself; IMA signs the
// digest of a file whose content nobody has here. Both multiplications are OpenSSL's; what is added up is public.
import { createECDH, ECDH } from 'node:crypto';

type Curve = { node: string; size: number; p: bigint; n: bigint };

const power = (exponent: number) => 1n << BigInt(exponent);
/** By OID (SEC 2; FIPS 186-5 calls them P-256, P-384, P-521). */
const curves: Readonly<Record<string, Curve>> = {
  '1.2.840.10045.3.1.7': {
    node: 'prime256v1',
    size: 32,
    p: power(256) - power(224) + power(192) + power(96) - 1n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  '1.3.132.0.34': {
    node: 'secp384r1',
    size: 48,
    p: power(384) - power(128) - power(96) + power(32) - 1n,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  '1.3.132.0.35': {
    node: 'secp521r1',
    size: 66,
    p: power(521) - 1n,
    n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
};

export const isKnownCurve = (oid: string): boolean => Object.hasOwn(curves, oid);

/**
 * A signature by the negated key passes as well: the same person has both, since one private key is the other's negative.
 * @param key of this curve, uncompressed, as OpenSSL took it: a point on the curve
 * @param digest longer than the curve's order: its leftmost bits count
 */
export function verifiesDigest(curve: string, key: Uint8Array, digest: Uint8Array, r: bigint, s: bigint): boolean {
  const found = Object.hasOwn(curves, curve) ? curves[curve] : undefined;
  if (!found) return false;
  const { p, n } = found;
  if (r < 1n || r >= n || s < 1n || s >= n) return false;
  const w = inverse(s, n);
  const u1 = (leftmost(digest, n) * w) % n;
  const u2 = (r * w) % n;
  if (u1 === 0n) return false; // of no digest that anybody can find
  const a = timesGenerator(u1, found);
  const b = times(u2, key, found);
  // As x coordinate, what OpenSSL gives of the second, is that of two points: both are tried.
  return [b.y, p - b.y].some((y) => sumX(a, { x: b.x, y }, p) % n === r);
}

type Point = { x: bigint; y: bigint };

function timesGenerator(factor: bigint, { node, size }: Curve): Point {
  const ecdh = createECDH(node);
  ecdh.setPrivateKey(bytesOf(factor, size));
  return pointOf(ecdh.getPublicKey(), size);
}

function times(factor: bigint, key: Uint8Array, { node, size }: Curve): Point {
  const ecdh = createECDH(node);
  ecdh.setPrivateKey(bytesOf(factor, size));
  const x = ecdh.computeSecret(key);
  const compressed = Buffer.concat([Buffer.of(2), Buffer.alloc(size - x.length), x]);
  return pointOf(ECDH.convertKey(compressed, node, undefined, undefined, 'uncompressed') as Buffer, size);
}

/** x of the sum of two points that are not each other's equal or negative; -1 where they are, which no signer's are. */
function sumX(a: Point, b: Point, p: bigint): bigint {
  if (a.x === b.x) return -1n;
  const slope = (modulo(b.y - a.y, p) * inverse(modulo(b.x - a.x, p), p)) % p;
  return modulo(slope * slope - a.x - b.x, p);
}

function leftmost(digest: Uint8Array, n: bigint): bigint {
  const extra = digest.length * 8 - n.toString(2).length;
  return numberOf(digest) >> BigInt(Math.max(0, extra));
}

/** Euclid's, extended. @param modulus prime, and no divisor of `value` */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b] = [b % a, a];
    [x, y] = [y - quotient * x, x];
  }
  return modulo(x, modulus);
}

const modulo = (value: bigint, modulus: bigint) => ((value % modulus) + modulus) % modulus;
const numberOf = (bytes: Uint8Array) => BigInt(`0x0${bytes.toHex()}`);
const bytesOf = (value: bigint, size: number) => Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
const pointOf = (point: Buffer, size: number): Point => ({
  x: numberOf(point.subarray(1, 1 + size)),
  y: numberOf(point.subarray(1 + size)),
});
