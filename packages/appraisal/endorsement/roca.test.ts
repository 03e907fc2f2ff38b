import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { encode } from '@assay/core';
import { Public } from '@assay/tpm/structures';
import { bytesOf, rocaModulus } from '../testing/roca.ts';
import { rsaEkPublic } from '../testing/tpm.ts';
import { check, issue, rsaArea, rsaEk } from '../testing/vendor.ts';
import { isRoca } from './roca.ts';

test('Q18 a modulus of the ROCA form is recognised, whatever its factors', () => {
  for (let seed = 0n; seed < 20n; seed++) {
    const modulus = rocaModulus(seed);
    assert.equal(modulus.length, 256);
    assert.ok((modulus[0] ?? 0) >= 0x80);
    assert.equal(isRoca(modulus), true);
    assert.equal(isRoca(bytesOf(BigInt(`0x${modulus.toHex()}`) + 2n)), false);
  }
});

test('Q18 keys of OpenSSL are none', () => {
  for (let i = 0; i < 3; i++) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    assert.equal(isRoca(rsaEkPublic(publicKey).unique), false);
  }
  for (const odd of [new Uint8Array(), new Uint8Array(256), new Uint8Array(256).fill(255)])
    assert.equal(isRoca(odd), false);
});

test('Q18 an endorsement of an EK that can be factored is refused', () => {
  check(issue(), { area: rsaArea });
  const unique = rocaModulus(5n);
  const spki = rsaEk.publicKey.export({ type: 'spki', format: 'der' });
  const at = spki.indexOf(Buffer.from(rsaEkPublic(rsaEk.publicKey).unique));
  const keyInfo = Buffer.concat([spki.subarray(0, at), unique, spki.subarray(at + 256)]);
  const area = encode(Public, { ...rsaEkPublic(rsaEk.publicKey), unique });
  assert.throws(() => check(issue({ keyInfo }), { area }), { code: 'ek-roca' });
});
