import assert from 'node:assert/strict';
import { constants, createHash, createSecretKey, generateKeyPairSync, sign } from 'node:crypto';
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
}

test('Q14 a signature over SHA-1 is read, and not accepted, though the key did make it', () => {
  const message = samples.attest.quote;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ecc = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  for (const [hash, accepted] of [
    ['sha256', true],
    ['sha384', true],
    ['sha1', false],
  ] as const) {
    const padding = { rsassa: constants.RSA_PKCS1_PADDING, rsapss: constants.RSA_PKCS1_PSS_PADDING };
    for (const sigAlg of ['rsassa', 'rsapss'] as const) {
      const sig = sign(hash, message, { key: rsa.privateKey, padding: padding[sigAlg] });
      const read = decode(Signature, encode(Signature, { sigAlg, hash, sig }), 'TPMT_SIGNATURE');
      assert.equal(read.hash, hash);
      assert.equal(verifySignature(rsa.publicKey, read, message), accepted, `${sigAlg} ${hash}`);
    }
    const raw = sign(hash, message, { key: ecc.privateKey, dsaEncoding: 'ieee-p1363' });
    const made = { sigAlg: 'ecdsa', hash, signatureR: raw.subarray(0, 32), signatureS: raw.subarray(32) } as const;
    const read = decode(Signature, encode(Signature, made), 'TPMT_SIGNATURE');
    assert.equal(verifySignature(ecc.publicKey, read, message), accepted, `ecdsa ${hash}`);
  }
});

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

const eccAk = decode(Public, samples.public.eccAk, 'P') as Extract<Public, { type: 'ecc' }>;
const rsaAk = decode(Public, samples.public.rsaSsa, 'P') as Extract<Public, { type: 'rsa' }>;

test('Q15 a signature of another kind than the key is not accepted, and is no error', () => {
  const kinds = signed.map(({ area, signature }) => ({
    key: publicKeyOf(area),
    read: decode(Signature, signature, 'S'),
  }));
  for (const [i, { key, read }] of kinds.entries()) {
    assert.equal(verifySignature(key, read, signed[i]?.attest ?? Buffer.of()), true);
    for (const other of kinds)
      for (const { attest } of signed)
        if (other.read.sigAlg !== read.sigAlg) assert.equal(verifySignature(key, other.read, attest), false);
  }
  // The right bytes under the wrong name.
  const { sig } = decode(Signature, samples.signature.rsassa, 'S') as Extract<Signature, { sigAlg: 'rsassa' }>;
  const key = publicKeyOf(samples.public.rsaSsa);
  assert.equal(verifySignature(key, { sigAlg: 'rsapss', hash: 'sha256', sig }, samples.attest.quoteRsassa), false);
  const ecdsa = {
    sigAlg: 'ecdsa',
    hash: 'sha256',
    signatureR: sig.subarray(0, 66),
    signatureS: sig.subarray(0, 66),
  } as const;
  assert.equal(verifySignature(key, ecdsa, samples.attest.quoteRsassa), false);
  // What an ECC key did sign, as node:crypto would read it, under the name of an RSA scheme.
  const ecc = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const der = sign('sha256', samples.attest.quote, ecc.privateKey);
  for (const sigAlg of ['rsassa', 'rsapss'] as const)
    assert.equal(verifySignature(ecc.publicKey, { sigAlg, hash: 'sha256', sig: der }, samples.attest.quote), false);
  // A secret key or an HMAC key is none that verifies.
  assert.equal(verifySignature(createSecretKey(Buffer.alloc(32)), ecdsa, samples.attest.quote), false);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  for (const strange of [privateKey, publicKey])
    for (const signature of [ecdsa, { sigAlg: 'rsassa', hash: 'sha256', sig } as const])
      assert.equal(verifySignature(strange, signature, Buffer.of()), false);
});

test('Q16 only the curves P-256, P-384 and P-521 make a key; any other is refused by name', () => {
  for (const [curve, named] of [
    ['p256', 'prime256v1'],
    ['p384', 'secp384r1'],
    ['p521', 'secp521r1'],
  ] as const) {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: named });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const unique = { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') };
    assert.ok(publicKeyOf({ ...eccAk, curve, unique }).equals(publicKey));
  }
  for (const curve of ['p192', 'p224', 'bn_p256', 'bn_p638', 'sm2_p256'] as const)
    assert.throws(() => publicKeyOf({ ...eccAk, curve }), { code: 'tpm-key', where: 'TPMT_PUBLIC.curve', got: curve });
  const unknown = Uint8Array.from(samples.public.eccAk);
  unknown[17] = 0x30; // TPM_ECC_BP_P256_R1 and the like: numbers this library does not know
  assert.equal(decode(Public, samples.public.eccAk, 'P').type, 'ecc');
  assert.throws(() => publicKeyOf(unknown), { code: 'wire-value', where: /^TPMT_PUBLIC\.curve at byte 16$/ });
  // A point of one curve is none of another.
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const unique = { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') };
  assert.throws(() => publicKeyOf({ ...eccAk, unique }), { code: 'tpm-key', where: 'TPMT_PUBLIC.unique' });
});

test('Q17 coordinates may lack leading zeros; out of range, zero, off the curve or too long they make no key', () => {
  const fields = [
    ['p256', 'prime256v1', 32, 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n],
    ['p384', 'secp384r1', 48, 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n],
    ['p521', 'secp521r1', 66, 2n ** 521n - 1n],
  ] as const;
  for (const [curve, named, size, prime] of fields) {
    const area = (x: Uint8Array, y: Uint8Array): Public => ({ ...eccAk, curve, unique: { x, y } });
    const coordinates = () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: named });
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
      return { publicKey, x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') };
    };
    // P-521: nearly every coordinate has 65 bytes or a first byte of 0 or 1. The others: one key in 256.
    let short = coordinates();
    while (short.x[0] !== 0) short = coordinates();
    const { publicKey, x, y } = short;
    assert.ok(publicKeyOf(area(x, y)).equals(publicKey));
    assert.ok(publicKeyOf(area(x.subarray(1), y)).equals(publicKey), `${curve} without its leading zero`);
    const number = (value: bigint) => Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
    const zero = Buffer.alloc(size);
    const more = number(BigInt(`0x${x.toString('hex')}`) + prime);
    for (const [hostileX, hostileY] of [
      [zero, zero],
      [Buffer.of(), Buffer.of()],
      [x, zero],
      [x, x],
      [number(prime), y],
      [more.length === size ? more : number(prime), y], // the same point, said otherwise
      [Buffer.concat([Buffer.of(0), x]), y],
      [Buffer.alloc(80, 0xff), y],
    ] as const)
      assert.throws(
        () => publicKeyOf(area(hostileX, hostileY)),
        { code: 'tpm-key' },
        `${curve} ${hostileX.toString('hex')}`,
      );
  }
});

test('Q17 r and s may lack leading zeros; zero, out of range or too long they verify nothing', () => {
  const orders = {
    prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    secp384r1: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    secp521r1:
      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  };
  const message = samples.attest.quote;
  for (const [namedCurve, order] of Object.entries(orders)) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const make = () => {
      const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)] as const;
    };
    const verified = (signatureR: Uint8Array, signatureS: Uint8Array) =>
      verifySignature(publicKey, { sigAlg: 'ecdsa', hash: 'sha256', signatureR, signatureS }, message);
    let [r, s] = make();
    while (r[0] !== 0) [r, s] = make();
    assert.equal(verified(r, s), true);
    assert.equal(verified(r.subarray(1), s), true, `${namedCurve}: r without its leading zero`);
    const number = (value: bigint) => Buffer.from(value.toString(16).padStart(2 * r.length, '0'), 'hex');
    const value = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
    const zero = Buffer.alloc(r.length);
    for (const [hostileR, hostileS] of [
      [zero, s],
      [r, zero],
      [Buffer.of(), s],
      [r, Buffer.of()],
      [zero, zero],
      [number(order), s],
      [r, number(order)],
      [number(value(r) + order), s], // the same number modulo the order
      [s, r],
      [Buffer.concat([Buffer.of(0), r]), s],
      [Buffer.alloc(r.length, 0xff), s],
    ] as const)
      assert.equal(
        verified(hostileR, hostileS),
        false,
        `${namedCurve} ${hostileR.toString('hex')} ${hostileS.toString('hex')}`,
      );
  }
});

test('Q18 an RSA key has 2048, 3072 or 4096 bits, an odd modulus of that length, and the exponent 65537, said as 0 too', () => {
  for (const exponent of [0, 65537])
    assert.ok(publicKeyOf({ ...rsaAk, exponent }).equals(publicKeyOf(samples.public.rsaSsa)));
  assert.equal(publicKeyOf(samples.public.rsaSsa).asymmetricKeyDetails?.publicExponent, 65537n);
  for (const exponent of [1, 2, 3, 17, 65536, 65539, 0xffffffff])
    assert.throws(() => publicKeyOf({ ...rsaAk, exponent }), { code: 'tpm-key', where: 'TPMT_PUBLIC.exponent' });

  const modulus = (bits: number, first = 0x80, last = 1) => {
    const unique = Buffer.alloc(bits / 8, 0x42);
    unique[0] = first;
    unique[unique.length - 1] = last;
    return unique;
  };
  for (const keyBits of [2048, 3072, 4096])
    assert.equal(
      publicKeyOf({ ...rsaAk, keyBits, unique: modulus(keyBits) }).asymmetricKeyDetails?.modulusLength,
      keyBits,
    );
  for (const keyBits of [0, 512, 1024, 2040, 2047, 2056, 8192])
    assert.throws(() => publicKeyOf({ ...rsaAk, keyBits, unique: modulus(keyBits & ~7 || 8) }), {
      code: 'tpm-key',
      where: 'TPMT_PUBLIC.keyBits',
    });
  for (const unique of [
    rsaAk.unique.subarray(1),
    modulus(1024), // as long as it says it is not
    modulus(3072),
    modulus(2048, 0), // shorter behind zeros
    modulus(2048, 0x7f),
    modulus(2048, 0x80, 0), // even
  ])
    assert.throws(() => publicKeyOf({ ...rsaAk, unique }), { code: 'tpm-key', where: 'TPMT_PUBLIC.unique' });
});

test('an object that is no public key makes none', () => {
  for (const area of [samples.public.symcipher, samples.public.keyedhash])
    assert.throws(() => publicKeyOf(area), { code: 'tpm-key', where: 'TPMT_PUBLIC.type' });
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
