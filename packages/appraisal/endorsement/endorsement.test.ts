import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { encode } from '@assay/core';
import { nameOf, Public } from '@assay/tpm/structures';
import { type CertificateWish, tlv, year } from '../testing/certificates.ts';
import {
  basicConstraints,
  eccEkPublic,
  ekExtensions,
  extendedKeyUsage,
  issueCertificate,
  keyUsage,
  makeCa,
  rsaEkPublic,
} from '../testing/index.ts';
import { checkEndorsement } from './endorsement.ts';
import { trustStoreFrom } from './trust-store.ts';

const root = makeCa('Vendor Root');
const intermediate = makeCa('Vendor CA 1', { issuer: root });
const other = makeCa('Vendor Root');
const ek = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecc = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ekPublic = encode(Public, rsaEkPublic(ek.publicKey));
const now = new Date();
const file = ({ name, pem }: { name: string; pem: string }) => ({ file: `${name}.pem`, text: pem });
const store = trustStoreFrom([file(root), file(intermediate)], []);

const issue = (wish: Partial<CertificateWish> = {}) =>
  issueCertificate({
    subject: 'EK',
    publicKey: ek.publicKey,
    issuer: intermediate,
    extensions: ekExtensions(0x20),
    ...wish,
  } as never);
const check = (certificate: Uint8Array, trust = store, area = ekPublic, at = now) =>
  checkEndorsement(certificate, area, trust, at);
const refuses = (code: string, wish: Partial<CertificateWish>, trust = store) =>
  assert.throws(() => check(issue(wish), trust), { code });

test('an EK certificate under a listed root vouches for its key', () => {
  const certificate = issue();
  const endorsement = check(certificate);
  assert.equal(endorsement.software, false);
  assert.equal(endorsement.anchor, 'CN=Vendor Root');
  assert.equal(endorsement.issuer, 'CN=Vendor CA 1');
  assert.equal(endorsement.ek_name, Buffer.from(nameOf(ekPublic)).toString('hex'));
  assert.match(endorsement.ek_sha256, /^[0-9a-f]{64}$/);
  const eccArea = encode(Public, eccEkPublic(ecc.publicKey));
  const eccCertificate = issue({ publicKey: ecc.publicKey, extensions: ekExtensions(0x08) });
  assert.equal(check(eccCertificate, store, eccArea).software, false);
});

test('a chain with any certificate in the software list is a software TPM’s', () => {
  const certificate = issue();
  assert.equal(check(certificate, trustStoreFrom([], [file(root), file(intermediate)])).software, true);
  assert.equal(check(certificate, trustStoreFrom([file(root)], [file(intermediate)])).software, true);
  assert.equal(check(certificate, trustStoreFrom([file(root), file(intermediate)], [file(other)])).software, false);
});

test('E01 self-signed certificates and unknown roots are refused', () => {
  refuses('ek-issuer-unknown', {}, trustStoreFrom([], []));
  refuses('ek-issuer-unknown', {}, trustStoreFrom([file(other)], []));
  refuses('ek-issuer-unknown', { issuer: { name: 'EK', key: ek.privateKey } });
  const impostor = makeCa('Vendor CA 1', { issuer: root });
  refuses('ek-issuer-unknown', { issuer: impostor });
});

test('E02 a chain has to end in a listed root: what lies between is no anchor by itself', () => {
  refuses('ek-issuer-unknown', {}, trustStoreFrom([file(intermediate)], []));
  refuses('ek-issuer-unknown', {}, trustStoreFrom([file(root)], []));
});

test('E03 a certificate holds from its first to its last day, its CA when it was issued', () => {
  const before = (years: number) => new Date(now.getTime() - years * year);
  check(issue({ notAfter: new Date('9999-12-31T23:59:59Z') }));
  refuses('ek-expired', { notBefore: before(2), notAfter: before(1) });
  refuses('ek-expired', { notBefore: new Date(now.getTime() + 3600_000) });
  const gone = makeCa('Gone', { notBefore: before(5), notAfter: before(2) });
  const trust = trustStoreFrom([file(gone)], []);
  check(issue({ issuer: gone, notBefore: before(3) }), trust);
  refuses('ek-issuer', { issuer: gone, notBefore: before(1) }, trust);
});

test('E05 the certificate’s key is the EK’s, byte by byte', () => {
  check(issue());
  refuses('ek-key-mismatch', { publicKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey });
  refuses('ek-key-mismatch', { publicKey: ecc.publicKey, extensions: ekExtensions(0x08) });
  const exponent3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey;
  const area = rsaEkPublic(exponent3);
  assert.throws(() => check(issue({ publicKey: exponent3 }), store, encode(Public, area)), { code: 'ek-key-mismatch' });
});

test('E06 each rule of an EK certificate is held', () => {
  const [constraints, usage, purposes] = ekExtensions(0x20) as [never, never, never];
  const stray = (critical: boolean) => ({ oid: '1.2.3.4', critical, value: tlv(0x05) });
  check(issue({ extensions: [constraints, usage, purposes, stray(false)] }));
  check(issue({ extensions: [constraints, usage, extendedKeyUsage('1.3.6.1.5.5.7.3.2', '2.23.133.8.1')] }));
  const rules: Record<string, Partial<CertificateWish>> = {
    'is a CA': { extensions: [basicConstraints(true), usage, purposes] },
    'has a path length': { extensions: [basicConstraints(false, 0), usage, purposes] },
    'constraints missing': { extensions: [usage, purposes] },
    'constraints not critical': { extensions: [basicConstraints(false, undefined, false), usage, purposes] },
    'usage missing': { extensions: [constraints, purposes] },
    'usage not critical': { extensions: [constraints, keyUsage(0x20, false), purposes] },
    'usage without keyEncipherment': { extensions: [constraints, keyUsage(0x80), purposes] },
    'usage with keyCertSign': { extensions: [constraints, keyUsage(0x24), purposes] },
    'purpose missing': { extensions: [constraints, usage] },
    'another purpose': { extensions: [constraints, usage, extendedKeyUsage('1.3.6.1.5.5.7.3.2')] },
    'unknown critical extension': { extensions: [constraints, usage, purposes, stray(true)] },
    'an extension twice': { extensions: [constraints, usage, purposes, purposes] },
    'negative serial': { serial: Uint8Array.of(0x80) },
    'serial of zero': { serial: Uint8Array.of(0) },
    'version 1': { version: 0 },
    'another algorithm outside than inside': { claimedHash: 'sha384' },
    'serial too long': { serial: new Uint8Array(21).fill(1) },
  };
  for (const [rule, wish] of Object.entries(rules))
    assert.throws(() => check(issue(wish)), { code: 'ek-certificate' }, rule);
  for (const behind of [Uint8Array.of(0), Uint8Array.of(0xff), Buffer.from('3000', 'hex')])
    assert.throws(() => check(Buffer.concat([issue(), behind])), { code: 'ek-certificate' });
});

test('E12 the EK’s public area is one of the profile’s templates', () => {
  const template = rsaEkPublic(ek.publicKey);
  const certificate = issue();
  const differing = (change: Partial<typeof template>) =>
    assert.throws(() => check(certificate, store, encode(Public, { ...template, ...change })), { code: 'ek-template' });
  const { attributes } = template;
  check(certificate, store, encode(Public, template));
  differing({ attributes: { ...attributes, restricted: false } });
  differing({ attributes: { ...attributes, decrypt: false } });
  differing({ attributes: { ...attributes, fixedTpm: false } });
  differing({ attributes: { ...attributes, sign: true } });
  differing({ attributes: { ...attributes, adminWithPolicy: false } });
  differing({ authPolicy: new Uint8Array(32) });
  differing({ authPolicy: new Uint8Array() });
  differing({ symmetric: { algorithm: 'null' } });
  differing({ scheme: { scheme: 'rsassa', hash: 'sha256' } });
  differing({ nameAlg: 'sha1' });
  differing({ keyBits: 1024 });
  differing({ exponent: 3 });
});

test('a CA that may not issue did not issue', () => {
  const under = (ca: Parameters<typeof file>[0] & { key: KeyObject }) =>
    [{ issuer: ca }, trustStoreFrom([file(root), file(ca)], [])] as const;
  const notCa = makeCa('Not a CA', { issuer: root, extensions: [basicConstraints(false)] });
  const otherUse = makeCa('Other use', { issuer: root, extensions: [basicConstraints(true), keyUsage(0x80)] });
  const stray = { oid: '1.2.3.4', critical: true, value: tlv(0x05) };
  const unknown = makeCa('Unknown', { issuer: root, extensions: [basicConstraints(true), keyUsage(0x04), stray] });
  for (const ca of [notCa, otherUse, unknown]) refuses('ek-issuer', ...under(ca));
  refuses('ek-issuer-unknown', { issuer: { name: 'Another name', key: intermediate.key } });
  const shortRoot = makeCa('Short', { extensions: [basicConstraints(true, 0), keyUsage(0x04)] });
  const below = makeCa('Below', { issuer: shortRoot });
  check(issue({ issuer: shortRoot }), trustStoreFrom([file(shortRoot)], []));
  refuses('ek-issuer', { issuer: below }, trustStoreFrom([file(shortRoot), file(below)], []));
});

test('a chain has a limit', () => {
  const chain = [root];
  for (let i = 1; i <= 5; i++) chain.push(makeCa(`Level ${i}`, { issuer: chain.at(-1) as typeof root }));
  const trust = trustStoreFrom(chain.map(file), []);
  check(issue({ issuer: chain[4] as typeof root }), trust);
  refuses('ek-issuer-unknown', { issuer: chain[5] as typeof root }, trust);
});

test('of two CAs of one name and key, one that may issue is enough', () => {
  const renewed = makeCa('Renewed', {
    notBefore: new Date(now.getTime() - 3 * year),
    notAfter: new Date(now.getTime() - year),
  });
  const der = issueCertificate({
    subject: 'Renewed',
    publicKey: renewed.publicKey,
    issuer: renewed,
    extensions: [basicConstraints(true), keyUsage(0x04)],
  });
  const second = {
    name: 'Renewed 2',
    pem: `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----`,
  };
  refuses('ek-issuer', { issuer: renewed }, trustStoreFrom([file(renewed)], []));
  check(issue({ issuer: renewed }), trustStoreFrom([file(renewed), file(second)], []));
});

test('a signature with SHA-1 does not vouch', () => {
  refuses('ek-signature', { hash: 'sha1' });
  check(issue({ hash: 'sha384' }));
});

test('a store names the file it cannot read', () => {
  for (const text of ['', 'nothing', root.pem.replace('-----END', '-----'), root.pem.replace(/M/, 'N')])
    assert.throws(() => trustStoreFrom([{ file: 'vendor.pem', text }], []), {
      code: 'trust-store-pem',
      where: 'vendor.pem',
    });
  assert.equal(trustStoreFrom([{ file: 'both.pem', text: root.pem + intermediate.pem }], []).hardware.length, 2);
});
