// ECDSA over a digest, against Node's own over the message.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { verifiesDigest } from './ecdsa.ts';

const curves = [
  { oid: '1.2.840.10045.3.1.7', name: 'P-256', size: 32 },
  { oid: '1.3.132.0.34', name: 'P-384', size: 48 },
  { oid: '1.3.132.0.35', name: 'P-521', size: 66 },
];
const number = (bytes: Uint8Array) => BigInt(`0x${bytes.toHex()}`);

for (const { oid, name, size } of curves) {
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

  test(`numbers out of the range of ${name} are no signature`, () => {
    const { digest, r, s } = signed('sha256', 'x');
    for (const [a, b] of [
      [0n, s],
      [r, 0n],
      [0n, 0n],
      [-r, s],
      [r + (1n << 600n), s],
      [r, s + (1n << 600n)],
    ] as const)
      assert.ok(!verifiesDigest(oid, point, digest, a, b));
  });
}

test('a key of another curve, or none that is known, verifies nothing', () => {
  assert.ok(!verifiesDigest('1.2.3', Buffer.alloc(65), Buffer.alloc(32), 1n, 1n));
  assert.ok(!verifiesDigest('constructor', Buffer.alloc(65), Buffer.alloc(32), 1n, 1n));
});
