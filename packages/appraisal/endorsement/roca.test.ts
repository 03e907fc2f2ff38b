import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { encode } from '@assay/core';
import { Public } from '@assay/tpm/structures';
import { rsaEkPublic } from '../testing/tpm.ts';
import { check, issue, rsaArea, rsaEk } from '../testing/vendor.ts';
import { isRoca } from './roca.ts';

/** Product of the first primes: of 2048-bit keys the first 126, as the generator took. */
const primes = [2];
for (let n = 3; primes.length < 126; n += 2) if (primes.every((prime) => n % prime)) primes.push(n);
const product = primes.reduce((all, prime) => all * BigInt(prime), 1n);

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base % modulus, exponent]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** A number of the form k·M + (65537^a mod M). That it is no prime makes no difference to what remains of the product. */
const weakFactor = (k: bigint, a: bigint) => k * product + power(65537n, a, product);
const bytesOf = (number: bigint) => new Uint8Array(Buffer.from(number.toString(16).padStart(512, '0'), 'hex'));

/** 2048 bits: two factors of 1024, near 1.5·2^1023. */
function weakModulus(seed: bigint): Uint8Array {
  const k = (3n << 1022n) / product;
  return bytesOf(weakFactor(k + 0x1000n + seed, 77n + seed) * weakFactor(k + 0x2000n + seed, 4711n * seed + 1n));
}

test('Q18: a modulus of the ROCA form is recognised, whatever its factors', () => {
  for (let seed = 0n; seed < 20n; seed++) {
    const modulus = weakModulus(seed);
    assert.equal(modulus.length, 256);
    assert.ok((modulus[0] ?? 0) >= 0x80);
    assert.equal(isRoca(modulus), true);
    assert.equal(isRoca(bytesOf(BigInt(`0x${Buffer.from(modulus).toString('hex')}`) + 2n)), false);
  }
});

test('Q18: keys of OpenSSL are none', () => {
  for (let i = 0; i < 3; i++) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    assert.equal(isRoca(rsaEkPublic(publicKey).unique), false);
  }
  for (const odd of [new Uint8Array(), new Uint8Array(256), new Uint8Array(256).fill(255)])
    assert.equal(isRoca(odd), false);
});

test('Q18: an endorsement of an EK that can be factored is refused', () => {
  check(issue(), { area: rsaArea });
  const unique = weakModulus(5n);
  const spki = rsaEk.publicKey.export({ type: 'spki', format: 'der' });
  const at = spki.indexOf(Buffer.from(rsaEkPublic(rsaEk.publicKey).unique));
  const keyInfo = Buffer.concat([spki.subarray(0, at), unique, spki.subarray(at + 256)]);
  const area = encode(Public, { ...rsaEkPublic(rsaEk.publicKey), unique });
  assert.throws(() => check(issue({ keyInfo }), { area }), { code: 'ek-roca' });
});
