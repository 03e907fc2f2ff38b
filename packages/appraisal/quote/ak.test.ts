import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { AssayError, encode } from '@assay/core';
import { nameOf, Public } from '@assay/tpm/structures';
import { eccAkPublic, eccEkPublic, rsaAkPublic } from '../testing/index.ts';
import { checkAk } from './ak.ts';

const ec = eccAkPublic(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey);
const rsa = rsaAkPublic(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
const check = (area: Public) => checkAk(encode(Public, area));
const refuses = (code: string, area: Public) => assert.throws(() => check(area), { code });

test('an attestation key is known by its name', () => {
  const ak = check(ec);
  assert.deepEqual(ak.name, nameOf(encode(Public, ec)));
  assert.deepEqual([ak.sigAlg, ak.hash], ['ecdsa', 'sha256']);
  assert.equal(check(rsa).sigAlg, 'rsassa');
  const pss = check({ ...rsa, scheme: { scheme: 'rsapss', hash: 'sha384' } });
  assert.deepEqual([pss.sigAlg, pss.hash], ['rsapss', 'sha384']);
});

test('a key that was found fit is kept, and no other is taken for it', () => {
  const area = encode(Public, ec);
  const ak = check(ec);
  assert.equal(checkAk(area), ak);
  area.fill(0);
  assert.deepEqual(Buffer.from(ak.publicArea), Buffer.from(encode(Public, ec)), 'it has bytes of its own');
  const unfit = encode(Public, { ...ec, attributes: { ...ec.attributes, restricted: false } });
  for (let times = 0; times < 2; times++) assert.throws(() => checkAk(unfit), { code: 'ak-attributes' });
  assert.notEqual(check({ ...ec, authPolicy: new Uint8Array(32) }), ak);
  assert.equal(check(ec), ak, 'as long as there is room for both');
});

test('Q16 only curves of the list are keys', () => {
  for (const namedCurve of ['prime256v1', 'secp384r1', 'secp521r1']) {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve });
    const curve = ({ prime256v1: 'p256', secp384r1: 'p384', secp521r1: 'p521' } as const)[namedCurve];
    check({ ...eccAkPublic(publicKey), curve: curve ?? 'p256' });
  }
  for (const curve of ['p192', 'p224', 'bn_p256', 'sm2_p256'] as const) refuses('ak-key', { ...ec, curve });
  refuses('tpm-key', { ...ec, unique: { x: ec.unique.x, y: ec.unique.x } });
});

test('Q18 RSA keys have 2048 bits and the exponent 65537', () => {
  check({ ...rsa, exponent: 65537 });
  for (const exponent of [1, 2, 3, 65536]) refuses('ak-key', { ...rsa, exponent });
  refuses('ak-key', { ...rsa, keyBits: 1024, unique: rsa.unique.subarray(0, 128) });
});

test('Q19 a key that is not restricted to signing what its TPM made is refused', () => {
  for (const [name, value] of Object.entries({ restricted: false, sign: false, decrypt: true }))
    refuses('ak-attributes', { ...ec, attributes: { ...ec.attributes, [name]: value } });
  refuses('ak-attributes', eccEkPublic(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey));
});

test('Q20 a key that was or can be brought from elsewhere is refused', () => {
  for (const name of ['fixedTpm', 'fixedParent', 'sensitiveDataOrigin'])
    refuses('ak-attributes', { ...ec, attributes: { ...ec.attributes, [name]: false } });
});

test('a key that is refused is told what it lacks', () => {
  const told = (area: Public, expected: string, got: unknown) => assert.throws(() => check(area), { expected, got });
  told({ ...ec, attributes: { ...ec.attributes, restricted: false } }, 'restricted set', false);
  told({ ...ec, attributes: { ...ec.attributes, decrypt: true } }, 'decrypt clear', true);
  const strong = 'RSA from 2048 bits with exponent 65537, or p256, p384, p521';
  told({ ...rsa, exponent: 3 }, strong, 'RSA, 2048 bits, exponent 3');
  told({ ...ec, curve: 'p224' }, strong, 'p224');
});

test('Q16 a key with which others could sign as well is none', () => {
  const { nameAlg, attributes, authPolicy } = ec;
  const scheme = { scheme: 'hmac', hash: 'sha256' };
  refuses('ak-key', {
    type: 'keyedhash',
    nameAlg,
    attributes,
    authPolicy,
    scheme,
    unique: new Uint8Array(32),
  } as Public);
});

test('Q14 the key’s own scheme names a hash that is not SHA-1', () => {
  refuses('ak-scheme', { ...ec, scheme: { scheme: 'ecdsa', hash: 'sha1' } });
  refuses('ak-scheme', { ...rsa, scheme: { scheme: 'rsapss', hash: 'sha1' } });
  refuses('ak-scheme', { ...ec, scheme: { scheme: 'null' } });
  refuses('ak-scheme', { ...ec, scheme: { scheme: 'ecdaa', hash: 'sha256', count: 0 } });
  refuses('ak-key', { ...ec, nameAlg: 'sha1' });
});

test('Q22 a public area with anything behind it, or cut anywhere, is none', () => {
  const area = encode(Public, ec);
  checkAk(area);
  assert.throws(() => checkAk(Buffer.concat([area, Uint8Array.of(0)])), { code: 'wire-trailing' });
  for (let length = 0; length < area.length; length++)
    assert.throws(() => checkAk(area.subarray(0, length)), AssayError);
});
