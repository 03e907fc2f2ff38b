// Signatures of files (security.ima), made with Node's own keys as evmctl makes them.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { issueCertificate, pemOf } from '../testing/index.ts';
import { signerOfFile, signersOf } from './file-signature.ts';

const kernelHash: Record<string, number> = { sha256: 4, sha384: 5, sha512: 6 };
const signer = (subject: string, pair: { publicKey: KeyObject; privateKey: KeyObject }) => {
  const der = issueCertificate({ subject, publicKey: pair.publicKey, issuer: { name: subject, key: pair.privateKey } });
  return { ...pair, pem: pemOf(der) };
};
const rsa = signer('vendor', generateKeyPairSync('rsa', { modulusLength: 2048 }));
const ec = signer('fedora', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signers = signersOf([rsa.pem, ec.pem], 'policy default: ima.signed_by');
const idOf = (i: number) => signers[i]?.ids[0] ?? assert.fail();

const content = 'a program';
const digestOf = (algorithm: string, text = content) => createHash(algorithm).update(text).digest();
const file = (algorithm = 'sha256', verity = false) => ({ algorithm, value: digestOf(algorithm), verity });

/** security.ima. Signing the content signs its digest, as evmctl does. */
function attribute(
  key: KeyObject,
  keyId: string,
  given: { hash?: string; message?: Uint8Array; type?: number; version?: number } = {},
) {
  const { hash = 'sha256', message = Buffer.from(content), type = 3, version = 2 } = given;
  const signature = sign(hash, message, key);
  const head = Buffer.of(
    type,
    version,
    kernelHash[hash] ?? 4,
    ...Buffer.from(keyId, 'hex'),
    signature.length >> 8,
    signature.length & 0xff,
  );
  return Buffer.concat([head, signature]);
}
/** struct ima_file_id */
const fileId = (type: number, hash: string, digest: Uint8Array) =>
  Buffer.concat([Buffer.of(type, kernelHash[hash] ?? 4), digest]);

test('a file that somebody signed whom the policy names is told by whom', () => {
  for (const hash of ['sha256', 'sha384', 'sha512']) {
    assert.equal(signerOfFile(attribute(rsa.privateKey, idOf(0), { hash }), file(hash), signers)?.subject, 'CN=vendor');
    assert.equal(signerOfFile(attribute(ec.privateKey, idOf(1), { hash }), file(hash), signers)?.subject, 'CN=fedora');
  }
});

test('a signature of version 3 is over kind, algorithm and digest; one of fs-verity only so', () => {
  const of = (key: KeyObject, id: string, type: number) =>
    attribute(key, id, { message: fileId(type, 'sha256', digestOf('sha256')), type, version: 3 });
  for (const [key, id] of [
    [rsa.privateKey, idOf(0)],
    [ec.privateKey, idOf(1)],
  ] as const) {
    assert.ok(signerOfFile(of(key, id, 6), file('sha256', true), signers));
    assert.ok(signerOfFile(of(key, id, 3), file(), signers));
    assert.ok(!signerOfFile(of(key, id, 6), file(), signers), 'the digest of a file is not that of fs-verity');
    assert.ok(!signerOfFile(of(key, id, 3), file('sha256', true), signers));
    assert.ok(!signerOfFile(attribute(key, id, { type: 6 }), file('sha256', true), signers));
    assert.ok(!signerOfFile(attribute(key, id, { version: 3 }), file(), signers));
  }
});

test('I19 another file, key, hash or kind of signature is not good', () => {
  const good = attribute(rsa.privateKey, idOf(0));
  assert.ok(!signerOfFile(good, { ...file(), value: digestOf('sha256', 'another') }, signers));
  assert.ok(!signerOfFile(good, { ...file(), algorithm: 'sha512' }, signers));
  assert.ok(!signerOfFile(attribute(stranger.privateKey, idOf(0)), file(), signers));
  assert.ok(!signerOfFile(attribute(rsa.privateKey, '01020304'), file(), signers), 'a key id nobody has');
  assert.ok(!signerOfFile(attribute(rsa.privateKey, idOf(1)), file(), signers), 'the key id of another');
  assert.ok(!signerOfFile(attribute(rsa.privateKey, idOf(0), { type: 5 }), file(), signers), 'EVM, portable');
  assert.ok(!signerOfFile(attribute(rsa.privateKey, idOf(0), { hash: 'sha1' }), file(), signers));
  assert.ok(!signerOfFile(good, file(), []));
  assert.ok(!signerOfFile(new Uint8Array(), file(), signers));
});

test('a signature with any bit changed, or cut anywhere, is not good and throws nothing', () => {
  let wrong = 0;
  for (const whole of [attribute(rsa.privateKey, idOf(0)), attribute(ec.privateKey, idOf(1))]) {
    for (let length = 0; length < whole.length; length++)
      assert.ok(!signerOfFile(whole.subarray(0, length), file(), signers));
    fc.assert(
      fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
        const changed = Buffer.from(whole);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.ok(!signerOfFile(changed, file(), signers, () => wrong++));
      }),
      { numRuns: 300 },
    );
  }
  assert.ok(wrong > 100, 'and each that cost time is told');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !signerOfFile(bytes, file(), signers)));
});

test('a certificate is found by its subject key identifier, too', () => {
  const value = Buffer.from('041401020304050607080910111213141516aabbccdd'.padEnd(44, '0'), 'hex');
  const extensions = [{ oid: '2.5.29.14', critical: false, value }];
  const der = issueCertificate({
    subject: 'x',
    publicKey: rsa.publicKey,
    issuer: { name: 'x', key: rsa.privateKey },
    extensions,
  });
  const [one] = signersOf([pemOf(der)], 'x');
  assert.ok(one?.ids.includes(value.subarray(-4).toHex()));
  assert.ok(one && signerOfFile(attribute(rsa.privateKey, value.subarray(-4).toHex()), file(), [one]));
});

test('what is no certificate, or has a key of another kind, is refused with the field', () => {
  const where = 'policy default: ima.signed_by';
  const refused = (text: string, at = `${where}.0`) =>
    assert.throws(
      () => signersOf([text], where),
      (error: unknown) => error instanceof AssayError && error.code === 'policy-value' && error.where.startsWith(at),
    );
  const short = signer('short', generateKeyPairSync('rsa', { modulusLength: 1024 }));
  const curve = signer('curve', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }));
  const edwards = generateKeyPairSync('ed25519');
  const der = issueCertificate({
    subject: 'e',
    publicKey: edwards.publicKey,
    issuer: { name: 'e', key: rsa.privateKey },
  });
  for (const text of ['', 'x', short.pem, curve.pem, pemOf(der), rsa.pem.slice(0, -40), pemOf(Buffer.from('junk'))])
    refused(text);
  assert.throws(() => signersOf([rsa.pem, 'x'], where), { code: 'policy-value', where: `${where}.1` });
  assert.equal(signersOf([`${rsa.pem}\n${ec.pem}`], where).length, 2);
});
