// ECDSA over a digest, against Node's own over the message.
import assert from 'node:assert/strict';
import { createECDH, createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { verifiesDigest } from './ecdsa.ts';

const curves = [
  {
    oid: '1.2.840.10045.3.1.7',
    name: 'P-256',
    size: 32,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  {
    oid: '1.3.132.0.34',
    name: 'P-384',
    size: 48,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  {
    oid: '1.3.132.0.35',
    name: 'P-521',
    size: 66,
    n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
];
const number = (bytes: Uint8Array) => BigInt(`0x${bytes.toHex()}`);

for (const { oid, name, size, n } of curves) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: name });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const signed = (hash: string, message: string) => {
    const raw = sign(hash, Buffer.from(message), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const digest = createHash(hash).update(message).digest();
    return { digest, r: number(raw.subarray(0, size)), s: number(raw.subarray(size)) };
  };

  test(`a signature of ${name} that Node made over a message verifies over its digest, and no other does`, () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('sha256', 'sha384', 'sha512'), fc.nat(255), (message, hash, bit) => {
        const { digest, r, s } = signed(hash, message);
        assert.ok(verifiesDigest(oid, point, digest, r, s));
        const other = Buffer.from(digest);
        const at = bit % (Math.min(digest.length, size) * 8);
        other[at >> 3] = (other[at >> 3] ?? 0) ^ (1 << (at & 7));
        assert.ok(!verifiesDigest(oid, point, other, r, s), 'another digest');
        assert.ok(!verifiesDigest(oid, point, digest, r ^ (1n << BigInt(bit)), s), 'another r');
        assert.ok(!verifiesDigest(oid, point, digest, r, s ^ (1n << BigInt(bit))), 'another s');
        assert.ok(!verifiesDigest(oid, point, digest, s, r), 'r and s changed over');
      }),
      { numRuns: 25 },
    );
  });

  test(`s of zero is not taken for the one of ${name} that would fit, and a digest of zero is nobody's`, () => {
    const own = createECDH({ 32: 'prime256v1', 48: 'secp384r1' }[size] ?? 'secp521r1');
    own.setPrivateKey(Buffer.concat([Buffer.alloc(size - 1), Buffer.of(7)])); // k
    const r = number(own.getPublicKey().subarray(1, 1 + size)) % n;
    const d = number(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'));
    const z = (((7n - r * d) % n) + n) % n; // with it s = (z + r d) / k would be 1/k · k
    const width = n.toString(2).length;
    const bits = z << BigInt(size * 8 - width);
    const digest = Buffer.from(bits.toString(16).padStart(size * 2, '0'), 'hex');
    assert.ok(verifiesDigest(oid, point, digest, r, 1n));
    assert.ok(!verifiesDigest(oid, point, digest, r, 0n));
    assert.ok(!verifiesDigest(oid, point, new Uint8Array(size), r, 1n));
  });

  test(`numbers out of the range of ${name} are no signature`, () => {
    const { digest, r, s } = signed('sha256', 'x');
    for (const [a, b] of [
      [0n, s],
      [r, 0n],
      [0n, 0n],
      [-r, s],
      [r + (1n << 600n), s],
      [r, s + (1n << 600n)],
      [r + n, s],
      [r, s + n],
      [r, s - n],
    ] as const)
      assert.ok(!verifiesDigest(oid, point, digest, a, b));
  });
}

test('a key of another curve, or none that is known, verifies nothing', () => {
  assert.ok(!verifiesDigest('1.2.3', Buffer.alloc(65), Buffer.alloc(32), 1n, 1n));
  assert.ok(!verifiesDigest('constructor', Buffer.alloc(65), Buffer.alloc(32), 1n, 1n));
});
