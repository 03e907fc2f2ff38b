// Signatures of files (security.ima), made with Node's own keys as evmctl makes them.
import assert from 'node:assert/strict';
import { createHash, ECDH, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { issueCertificate, pemOf } from '../testing/index.ts';
import { signerOfFile, signersOf } from './file-signature.ts';

const kernelHash: Record<string, number> = { sha1: 2, sha256: 4, sha384: 5, sha512: 6, sha224: 7 };
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
  const wrong = () => assert.fail('a right one is not told as wrong');
  assert.ok(signerOfFile(attribute(rsa.privateKey, idOf(0)), file(), signers, wrong));
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

test('a signature over a digest of which two files can be made is nobody’s', () => {
  for (const hash of ['sha1', 'sha224'])
    for (const [i, { privateKey }] of [rsa, ec].entries())
      assert.ok(!signerOfFile(attribute(privateKey, idOf(i), { hash }), file(hash), signers), `${hash} ${i}`);
});

test('an ECDSA signature with more behind its two numbers is not good', () => {
  const good = attribute(ec.privateKey, idOf(1));
  const pair = good.subarray(9 + 2); // DER: SEQUENCE, its length
  const more = Buffer.concat([Buffer.of(0x30, pair.length + 3), pair, Buffer.of(2, 1, 1)]);
  const head = Buffer.concat([good.subarray(0, 7), Buffer.of(0, more.length)]);
  assert.ok(signerOfFile(good, file(), signers));
  assert.ok(!signerOfFile(Buffer.concat([head, more]), file(), signers));
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
  const refused = (text: string, expected: RegExp) =>
    assert.throws(() => signersOf([text], where), {
      name: 'AssayError',
      code: 'policy-value',
      where: `${where}.0`,
      expected,
    });
  const short = signer('short', generateKeyPairSync('rsa', { modulusLength: 1024 }));
  const curve = signer('curve', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }));
  const edwards = generateKeyPairSync('ed25519');
  const der = issueCertificate({
    subject: 'e',
    publicKey: edwards.publicKey,
    issuer: { name: 'e', key: rsa.privateKey },
  });
  const point = ec.publicKey.export({ type: 'spki', format: 'der' });
  const head = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
  const keyInfo = Buffer.concat([
    head,
    ECDH.convertKey(point.subarray(-65), 'prime256v1', undefined, undefined, 'compressed') as Buffer,
  ]);
  const compressed = issueCertificate({
    subject: 'c',
    publicKey: ec.publicKey,
    keyInfo,
    issuer: { name: 'c', key: ec.privateKey },
  });
  for (const text of ['', 'x', rsa.pem.slice(0, -40)]) refused(text, /in PEM$/);
  refused(pemOf(Buffer.from('junk')), /^a certificate in PEM$/);
  for (const text of [short.pem, curve.pem, pemOf(der), pemOf(compressed)])
    refused(text, /^a key of RSA \(2,048 bits or more\) or ECDSA/);
  assert.throws(() => signersOf([rsa.pem, 'x'], where), { code: 'policy-value', where: `${where}.1` });
  assert.equal(signersOf([`${rsa.pem}\n${ec.pem}`], where).length, 2);
});
