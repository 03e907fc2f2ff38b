import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { type SignatureAlgorithm, signedBy } from './signed.ts';

const tbs = Buffer.from('to be signed');
const made = (key: KeyObject, algorithm: SignatureAlgorithm) => ({
  tbs,
  algorithm,
  signature: sign('sha256', tbs, key),
});

test('a signature is of the scheme it says, made by a key of that kind, or it is none', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const [rsassa, ecdsa] = [
    { oid: '1.2.840.113549.1.1.11', scheme: 'rsassa', hash: 'sha256' },
    { oid: '1.2.840.10045.4.3.2', scheme: 'ecdsa', hash: 'sha256' },
  ] as const;
  assert.equal(signedBy(made(rsa.privateKey, rsassa), rsa.publicKey), true);
  assert.equal(signedBy(made(ec.privateKey, ecdsa), ec.publicKey), true);
  assert.equal(signedBy(made(rsa.privateKey, ecdsa), rsa.publicKey), false);
  assert.equal(signedBy(made(ec.privateKey, rsassa), ec.publicKey), false);
  assert.equal(signedBy(made(rsa.privateKey, { oid: rsassa.oid }), rsa.publicKey), false);
});
