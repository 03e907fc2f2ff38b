import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { decode, encode } from '@assay/core';
import fc from 'fast-check';
import { samples } from '../testing/samples.ts';
import { nameOf, publicKeyOf } from './key.ts';
import { pcrDigest } from './pcr-selection.ts';
import { Public } from './public-area.ts';
import { Signature, verifySignature } from './signature.ts';

const signed = [
  { area: samples.public.eccAk, attest: samples.attest.quote, signature: samples.signature.ecdsa },
  { area: samples.public.rsaSsa, attest: samples.attest.quoteRsassa, signature: samples.signature.rsassa },
  { area: samples.public.rsaPss, attest: samples.attest.quoteRsapss, signature: samples.signature.rsapss },
];

for (const { area, attest, signature } of signed) {
  const key = publicKeyOf(area);
  const read = decode(Signature, signature, 'TPMT_SIGNATURE');

  test(`a ${read.sigAlg} signature of a TPM verifies`, () => assert.equal(verifySignature(key, read, attest), true));

  test(`a ${read.sigAlg} signature does not verify over anything else, nor changed, nor by another key`, () => {
    for (let at = 0; at < attest.length; at++) {
      const changed = Uint8Array.from(attest);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(verifySignature(key, read, changed), false);
    }
    const last = Uint8Array.from(signature);
    last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
    assert.equal(verifySignature(key, decode(Signature, last, 'S'), attest), false);
    for (const other of Object.values(samples.public)) {
      if (other === area || ![1, 0x23].includes(other[1] ?? 0)) continue;
      assert.equal(verifySignature(publicKeyOf(other), read, attest), false);
    }
  });

  test(`a ${read.sigAlg} signature that names SHA-1 is not accepted`, () => {
    assert.equal(verifySignature(key, { ...read, hash: 'sha1' }, attest), false);
  });
}

test('any signature value is accepted or not, without an error', () => {
  const key = publicKeyOf(samples.public.eccAk);
  const number = fc.uint8Array({ maxLength: 66 });
  fc.assert(
    fc.property(number, number, (signatureR, signatureS) => {
      const signature = { sigAlg: 'ecdsa', hash: 'sha256', signatureR, signatureS } as const;
      assert.equal(verifySignature(key, signature, samples.attest.quote), false);
    }),
  );
  const rsa = publicKeyOf(samples.public.rsaSsa);
  fc.assert(
    fc.property(fc.constantFrom('rsassa', 'rsapss'), fc.uint8Array({ maxLength: 300 }), (sigAlg, sig) =>
      assert.equal(verifySignature(rsa, { sigAlg, hash: 'sha256', sig }, samples.attest.quote), false),
    ),
  );
});

test('a name is the hash of the whole public area behind the number of the hash', () => {
  const name = nameOf(samples.public.eccAk);
  assert.equal(Buffer.from(name).toString('hex', 0, 2), '000b');
  assert.deepEqual(name.subarray(2), createHash('sha256').update(samples.public.eccAk).digest());
  assert.equal(nameOf(samples.public.eccEk).length, 2 + 48);
});

test('keys node:crypto cannot use are refused', () => {
  assert.throws(() => publicKeyOf(samples.public.symcipher), { code: 'tpm-key' });
  const area = decode(Public, samples.public.eccAk, 'P');
  assert.ok(area.type === 'ecc');
  const offCurve = { ...area, unique: { x: area.unique.x, y: Uint8Array.from(area.unique.x) } };
  assert.throws(() => publicKeyOf(encode(Public, offCurve)), { code: 'tpm-key' });
  assert.throws(() => publicKeyOf({ ...area, curve: 'bn_p256' }), { code: 'tpm-key' });
  assert.throws(() => publicKeyOf({ ...area, unique: { x: new Uint8Array(66), y: area.unique.y } }), {
    code: 'tpm-key',
  });
  const rsa = decode(Public, samples.public.rsaEk, 'P');
  assert.ok(rsa.type === 'rsa');
  assert.throws(() => publicKeyOf({ ...rsa, unique: rsa.unique.subarray(1) }), { code: 'tpm-key' });
});

test('coordinates without their leading zeros are the same key', () => {
  const area = decode(Public, samples.public.eccAk, 'P');
  assert.ok(area.type === 'ecc');
  const padded = { ...area, unique: { x: Buffer.concat([Buffer.of(), area.unique.x]), y: area.unique.y } };
  assert.ok(publicKeyOf(padded).equals(publicKeyOf(samples.public.eccAk)));
});

test('a PCR digest goes bank after bank, PCRs ascending, and needs every value', () => {
  const value = (byte: number, size: number) => new Uint8Array(size).fill(byte);
  const values = {
    sha256: new Map([
      [1, value(1, 32)],
      [7, value(7, 32)],
    ]),
    sha384: new Map([[0, value(9, 48)]]),
  };
  const selection = [
    { hash: 'sha384', pcrs: [0] },
    { hash: 'sha256', pcrs: [7, 1] },
  ] as const;
  const expected = createHash('sha256')
    .update(Buffer.concat([value(9, 48), value(1, 32), value(7, 32)]))
    .digest();
  const asked = selection.map(({ hash, pcrs }) => ({ hash, pcrs: [...pcrs] }));
  assert.deepEqual(pcrDigest(asked, values, 'sha256'), expected);
  assert.throws(() => pcrDigest([{ hash: 'sha256', pcrs: [2] }], values, 'sha256'), { code: 'tpm-pcr-absent' });
});
