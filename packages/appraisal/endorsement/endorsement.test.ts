import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { encode } from '@assay/core';
import { nameOf, Public } from '@assay/tpm/structures';
import {
  type CertificateWish,
  ekExtensions,
  issueRevocationList,
  makeCa,
  oid,
  pemOf,
  tlv,
  year,
} from '../testing/certificates.ts';
import { rsaEkPublic } from '../testing/tpm.ts';
import { check, eccArea, eccEk, issue, issuing, listed, now, root, rsaArea, rsaEk, store } from '../testing/vendor.ts';
import { recheckEndorsement } from './endorsement.ts';
import { trustStoreFrom } from './trust-store.ts';

const other = makeCa('Vendor Root');
const refuses = (code: string, wish: Partial<CertificateWish>, trust = store) =>
  assert.throws(() => check(issue(wish), { trust }), { code });

test('an EK certificate under a listed root vouches for its key', () => {
  const endorsement = check(issue());
  assert.equal(endorsement.software, false);
  assert.equal(endorsement.virtual, undefined);
  assert.equal(endorsement.anchor, 'CN=Vendor Root');
  assert.equal(endorsement.issuer, 'CN=Vendor CA 1');
  assert.deepEqual(endorsement.tpm, { manufacturer: 'TEST', model: 'Test TPM', version: 'id:00010002' });
  assert.equal(endorsement.ek_name, nameOf(rsaArea).toHex());
  assert.match(endorsement.ek_sha256, /^[0-9a-f]{64}$/);
  const ecc = issue({ publicKey: eccEk.publicKey, extensions: ekExtensions(0x08) });
  assert.equal(check(ecc, { area: eccArea }).software, false);
});

test('E01 self-signed certificates and unknown roots are refused', () => {
  check(issue());
  refuses('ek-issuer-unknown', {}, trustStoreFrom([]));
  refuses('ek-issuer-unknown', {}, trustStoreFrom(listed('hardware', other)));
  refuses('ek-issuer-unknown', { issuer: { name: 'EK', key: rsaEk.privateKey } });
  refuses('ek-issuer-unknown', { issuer: makeCa('Vendor CA 1', { issuer: root }) });
});

test('E02 a chain has to end in a listed root: what lies between is no anchor by itself', () => {
  check(issue());
  refuses('ek-issuer-unknown', {}, trustStoreFrom(listed('hardware', issuing)));
  refuses('ek-issuer-unknown', {}, trustStoreFrom(listed('hardware', root)));
});

test('E03 a certificate holds from its first to its last day, its CA when it was issued', () => {
  const before = (years: number) => new Date(now.getTime() - years * year);
  const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
  check(issue({ notAfter: new Date('9999-12-31T23:59:59Z') }));
  refuses('ek-expired', { notBefore: before(2), notAfter: before(1) });
  refuses('ek-expired', { notBefore: later(6) });
  check(issue({ notBefore: later(4) })); // the CA's clock was ahead of ours
  const gone = makeCa('Gone', { notBefore: before(5), notAfter: before(2) });
  const trust = trustStoreFrom(listed('hardware', gone));
  check(issue({ issuer: gone, notBefore: before(3) }), { trust });
  refuses('ek-issuer', { issuer: gone, notBefore: before(1) }, trust);
  refuses('ek-issuer', { issuer: gone, notBefore: before(6) }, trust);
});

test('E05 the certificate’s key is the EK’s, byte by byte', () => {
  check(issue());
  refuses('ek-key-mismatch', { publicKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey });
  refuses('ek-key-mismatch', { publicKey: eccEk.publicKey, extensions: ekExtensions(0x08) });
  const exponent3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey;
  const area = encode(Public, rsaEkPublic(exponent3));
  assert.throws(() => check(issue({ publicKey: exponent3 }), { area }), { code: 'ek-key-mismatch' });
  // The same numbers, said to be a point of another curve.
  const spki = Buffer.from(eccEk.publicKey.export({ type: 'spki', format: 'der' }).toHex(), 'hex');
  const p256 = oid('1.2.840.10045.3.1.7');
  const ecc = { publicKey: eccEk.publicKey, extensions: ekExtensions(0x08) };
  const onCurve = (curve: Uint8Array) => {
    const point = tlv(0x03, Uint8Array.of(0), spki.subarray(-65));
    return issue({ ...ecc, keyInfo: tlv(0x30, tlv(0x30, oid('1.2.840.10045.2.1'), curve), point) });
  };
  check(onCurve(p256), { area: eccArea });
  for (const curve of ['1.3.132.0.10', '1.3.132.0.34', '1.3.36.3.3.2.8.1.1.7'])
    assert.throws(() => check(onCurve(oid(curve)), { area: eccArea }), { code: 'ek-key-mismatch' }, curve);
  assert.throws(() => check(issue(), { area: eccArea }), { code: 'ek-key-mismatch' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const wrong = issue({ publicKey, extensions: ekExtensions(0x08) });
  assert.throws(() => check(wrong, { area: eccArea }), { code: 'ek-key-mismatch' });
});

test('E09 a chain is worth what the least of its CAs vouches for', () => {
  const certificate = issue();
  const labels = (trust: ReturnType<typeof trustStoreFrom>) => {
    const { software, virtual } = check(certificate, { trust });
    return software ? 'software' : virtual ? 'virtual' : 'hardware';
  };
  assert.equal(labels(trustStoreFrom(listed('hardware', root, issuing))), 'hardware');
  assert.equal(labels(trustStoreFrom(listed('virtual', root, issuing))), 'virtual');
  assert.equal(labels(trustStoreFrom(listed('software', root, issuing))), 'software');
  const mixed = (first: 'virtual' | 'software', second: 'hardware' | 'virtual') =>
    trustStoreFrom([...listed(first, issuing), ...listed(second, root)]);
  assert.equal(labels(mixed('virtual', 'hardware')), 'virtual');
  assert.equal(labels(mixed('software', 'virtual')), 'software');
  const twice = trustStoreFrom([...listed('software', root), ...listed('hardware', root, issuing)]);
  assert.equal(labels(twice), 'software');
  const unrelated = trustStoreFrom([...listed('hardware', root, issuing), ...listed('software', other)]);
  assert.equal(labels(unrelated), 'hardware');
});

test('E09 another certificate for a software TPM’s CA does not make hardware of it', () => {
  const again = makeCa('Vendor CA 1', { issuer: other }, { privateKey: issuing.key, publicKey: issuing.publicKey });
  const trust = trustStoreFrom([...listed('software', issuing), ...listed('hardware', other)]);
  assert.equal(check(issue(), { trust, shown: [again.der] }).software, true);
  const listedAgain = trustStoreFrom([...listed('hardware', again, other), ...listed('software', issuing)]);
  assert.equal(check(issue(), { trust: listedAgain }).software, true);
});

test('an endorsement falls when its CA leaves the store or revokes it, and not with the certificate’s last day', () => {
  const shown = [issuing.der];
  const certificate = issue({ notAfter: new Date(now.getTime() + 1000) });
  const trust = trustStoreFrom(listed('hardware', root));
  const endorsement = check(certificate, { trust, shown });
  assert.deepEqual(endorsement.chain, [Buffer.from(issuing.der).toString('base64')]);
  const later = new Date(now.getTime() + 60_000);
  const again = (with_: typeof trust) => recheckEndorsement(certificate, endorsement, with_, later);
  assert.deepEqual(again(trust), endorsement);
  assert.equal(again(trustStoreFrom(listed('virtual', root))).virtual, true);
  assert.equal(again(trustStoreFrom(listed('software', root))).software, true);
  assert.throws(() => again(trustStoreFrom([])), { code: 'ek-issuer-unknown' });
  const bytes = issueRevocationList({ issuer: root, revoked: [{ serial: Uint8Array.of(0x11) }] });
  const revoking = trustStoreFrom(listed('hardware', root), [{ file: 'root.crl', bytes }]);
  assert.throws(() => again(revoking), { code: 'ek-revoked' });
});

test('a store names the file it cannot read', () => {
  for (const text of ['', 'nothing', root.pem.replace('-----END', '-----'), root.pem.replace(/M/, 'N')])
    assert.throws(() => trustStoreFrom([{ file: 'vendor.pem', text, kind: 'hardware' }]), {
      code: 'trust-store-pem',
      where: 'vendor.pem',
    });
  const both = { file: 'both.pem', text: root.pem + pemOf(issuing.der), kind: 'hardware' } as const;
  assert.equal(trustStoreFrom([both]).authorities.length, 2);
  assert.equal(trustStoreFrom([both, both]).authorities.length, 2);
});
