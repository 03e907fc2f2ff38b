import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { encode } from '@assay/core';
import { ekProfiles } from '@assay/tpm';
import { Public } from '@assay/tpm/structures';
import { ekExtensions } from '../testing/certificates.ts';
import { check, issue } from '../testing/vendor.ts';
import { checkEkTemplate } from './ek-template.ts';

type Rsa = Extract<Public, { type: 'rsa' }>;
type Ecc = Extract<Public, { type: 'ecc' }>;
const curves = { p256: 'prime256v1', p384: 'secp384r1', p521: 'secp521r1' } as Record<string, string>;
const part = (key: KeyObject, field: 'n' | 'x' | 'y') =>
  new Uint8Array(Buffer.from(key.export({ format: 'jwk' })[field] ?? '', 'base64url'));

/** A key as this template would make one. */
function made(template: Public): { area: Rsa | Ecc; publicKey: KeyObject } {
  if (template.type === 'rsa') {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: template.keyBits });
    return { area: { ...template, unique: part(publicKey, 'n') }, publicKey };
  }
  assert.ok(template.type === 'ecc');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: curves[template.curve] ?? '' });
  return { area: { ...template, unique: { x: part(publicKey, 'x'), y: part(publicKey, 'y') } }, publicKey };
}
const refuses = (area: Public) => assert.throws(() => checkEkTemplate(area), { code: 'ek-template' });

for (const [profile, { template }] of Object.entries(ekProfiles))
  test(`E12 an EK of the profile’s template ${profile} is one, and any other key is none`, () => {
    const { area, publicKey } = made(template);
    const certificate = issue({ publicKey, extensions: ekExtensions(area.type === 'rsa' ? 0x20 : 0x08) });
    assert.match(check(certificate, { area: encode(Public, area) }).ek_name, /^000[bcd]/);
    const { attributes } = area;
    for (const name of [
      'fixedTpm',
      'fixedParent',
      'sensitiveDataOrigin',
      'adminWithPolicy',
      'restricted',
      'decrypt',
      'sign',
      'stClear',
      'encryptedDuplication',
    ] as const)
      refuses({ ...area, attributes: { ...attributes, [name]: !attributes[name] } });
    refuses({ ...area, authPolicy: new Uint8Array() });
    refuses({ ...area, authPolicy: new Uint8Array(area.authPolicy.length) });
    const { symmetric } = area;
    assert.ok(symmetric.algorithm === 'aes');
    for (const algorithm of ['tdes', 'sm4', 'camellia'] as const)
      refuses({ ...area, symmetric: { ...symmetric, algorithm } });
    for (const mode of ['ctr', 'ofb', 'cbc', 'ecb', 'null'] as const)
      refuses({ ...area, symmetric: { ...symmetric, mode } });
    for (const keyBits of [0, 56, 192, 512]) refuses({ ...area, symmetric: { ...symmetric, keyBits } });
    refuses({ ...area, symmetric: { algorithm: 'null' } });
    refuses({ ...area, nameAlg: 'sha1' });
    refuses({ ...area, nameAlg: area.nameAlg === 'sha256' ? 'sha384' : 'sha256' });
  });

test('E12 an RSA EK has as many bits as it says, from 2048, the usual exponent and no scheme', () => {
  const { area } = made(ekProfiles.rsa2048.template);
  assert.ok(area.type === 'rsa');
  checkEkTemplate({ ...area, exponent: 65537 });
  for (const exponent of [1, 2, 3, 65536, 0xffffffff]) refuses({ ...area, exponent });
  refuses({ ...area, keyBits: 1024, unique: area.unique.subarray(0, 128) });
  refuses({ ...area, unique: area.unique.subarray(0, 128) });
  refuses({ ...area, keyBits: 3072 });
  refuses({ ...area, unique: Uint8Array.of(0x7f, ...area.unique.subarray(1)) });
  refuses({ ...area, scheme: { scheme: 'rsassa', hash: 'sha256' } });
});

test('E12 an ECC EK lies on one of three curves, without scheme and key derivation', () => {
  const { area } = made(ekProfiles.ecc256.template);
  assert.ok(area.type === 'ecc');
  for (const curve of ['p192', 'p224', 'bn_p256', 'sm2_p256'] as const) refuses({ ...area, curve });
  refuses({ ...area, scheme: { scheme: 'ecdsa', hash: 'sha256' } });
  refuses({ ...area, kdf: { scheme: 'kdf1Sp80056a', hash: 'sha256' } });
});

test('E12 a key of no other kind is an EK', () => {
  const { area } = made(ekProfiles.ecc256.template);
  const { attributes, authPolicy } = area;
  refuses({
    type: 'keyedhash',
    nameAlg: 'sha256',
    attributes,
    authPolicy,
    scheme: { scheme: 'null' },
    unique: new Uint8Array(32),
  } as Public);
});

test('E12 a key that is no EK is told what it lacks', () => {
  const { area } = made(ekProfiles.ecc256.template);
  const told = (name: 'sign' | 'restricted', expected: string, got: boolean) =>
    assert.throws(() => checkEkTemplate({ ...area, attributes: { ...area.attributes, [name]: got } }), {
      expected,
      got,
    });
  told('sign', 'sign clear', true);
  told('restricted', 'restricted set', false);
});
