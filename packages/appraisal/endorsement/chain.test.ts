import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { readDer } from '@assay/core/der';
import {
  basicConstraints,
  type CertificateWish,
  extendedKeyUsage,
  issueCertificate,
  keyUsage,
  makeCa,
  oid,
  pemOf,
  pssParameters,
  tlv,
  year,
} from '../testing/certificates.ts';
import { check, issue, issuing, listed, now, root, store } from '../testing/vendor.ts';
import { readCertificate } from './certificate.ts';
import { trustStoreFrom } from './trust-store.ts';

const refuses = (code: string, wish: Partial<CertificateWish>, trust = store) =>
  assert.throws(() => check(issue(wish), { trust }), { code });
const onlyRoot = trustStoreFrom(listed('hardware', root));

test('E02 a CA that the host shows may stand between, and is no anchor whatever it says', () => {
  assert.deepEqual(check(issue(), { trust: onlyRoot, shown: [issuing.der] }).chain?.length, 1);
  assert.equal(check(issue(), { shown: [issuing.der] }).chain, undefined, 'the listed one is taken');
  const refused = (wish: Partial<CertificateWish>, ...shown: Uint8Array[]) =>
    assert.throws(() => check(issue(wish), { trust: onlyRoot, shown }), { code: 'ek-issuer-unknown' });
  refused({});
  const own = makeCa('Own Root');
  refused({ issuer: own }, own.der);
  const impostor = makeCa('Vendor Root');
  const below = makeCa('Vendor CA 1', { issuer: impostor });
  refused({ issuer: below }, below.der, impostor.der);
});

test('E02 a CA that the host shows has to be one that may issue', () => {
  const wishes: Record<string, Partial<CertificateWish>> = {
    'no CA': { extensions: [basicConstraints(false), keyUsage(0x04)] },
    'another use': { extensions: [basicConstraints(true), keyUsage(0x02)] },
    'a critical extension nobody knows': {
      extensions: [basicConstraints(true), keyUsage(0x04), { oid: '1.2.3.4', critical: true, value: tlv(0x05) }],
    },
    'other purposes': {
      extensions: [
        basicConstraints(true),
        keyUsage(0x04),
        { ...extendedKeyUsage('1.3.6.1.5.5.7.3.1'), critical: true },
      ],
    },
    'out of its time': { notBefore: new Date(now.getTime() - 2 * year), notAfter: new Date(now.getTime() - year) },
  };
  for (const [what, wish] of Object.entries(wishes)) {
    const ca = makeCa('Shown', { issuer: root, ...wish });
    assert.throws(
      () => check(issue({ issuer: ca }), { trust: onlyRoot, shown: [ca.der] }),
      { code: 'ek-issuer' },
      what,
    );
  }
  const fit = makeCa('Shown', { issuer: root });
  check(issue({ issuer: fit }), { trust: onlyRoot, shown: [fit.der] });
});

test('E02 what the host shows beside its chain neither helps nor hurts, up to eight of them', () => {
  const junk = [new Uint8Array(), Uint8Array.of(0x30, 0x80), makeCa('Stranger').der, issue()];
  check(issue(), { trust: onlyRoot, shown: [...junk, issuing.der, ...junk.slice(1)] });
  const many = Array.from({ length: 9 }, () => issuing.der);
  assert.throws(() => check(issue(), { trust: onlyRoot, shown: many }), { code: 'ek-chain' });
});

test('E02 certificates that issued one another lead nowhere, and soon', () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
  const ring = Array.from({ length: 8 }, (_, i) => makeCa('Ring', { serial: Uint8Array.of(i + 1) }, keys));
  const start = process.cpuUsage();
  assert.throws(
    () => check(issue({ issuer: ring[0] as (typeof ring)[0] }), { trust: onlyRoot, shown: ring.map(({ der }) => der) }),
    { code: 'ek-issuer-unknown' },
  );
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 2_000_000, `${user + system} µs`); // all ways through them are 6720, a signature each
});

test('a CA that may not issue did not issue', () => {
  const under = (ca: { name: string; pem: string; key: KeyObject }) =>
    [{ issuer: ca }, trustStoreFrom(listed('hardware', root, ca))] as const;
  const notCa = makeCa('Not a CA', { issuer: root, extensions: [basicConstraints(false)] });
  const otherUse = makeCa('Other use', { issuer: root, extensions: [basicConstraints(true), keyUsage(0x80)] });
  const stray = { oid: '1.2.3.4', critical: true, value: tlv(0x05) };
  const unknown = makeCa('Unknown', { issuer: root, extensions: [basicConstraints(true), keyUsage(0x04), stray] });
  const more = tlv(0x30, tlv(0x01, Uint8Array.of(0xff)), tlv(0x02, Uint8Array.of(0)), tlv(0x05));
  const saysMore = makeCa('Says more', { issuer: root, extensions: [{ ...basicConstraints(true), value: more }] });
  for (const ca of [notCa, otherUse, unknown, saysMore]) refuses('ek-issuer', ...under(ca));
  refuses('ek-issuer-unknown', { issuer: { name: 'Another name', key: issuing.key } });
  const shortRoot = makeCa('Short', { extensions: [basicConstraints(true, 0), keyUsage(0x04)] });
  const below = makeCa('Below', { issuer: shortRoot });
  check(issue({ issuer: shortRoot }), { trust: trustStoreFrom(listed('hardware', shortRoot)) });
  refuses('ek-issuer', { issuer: below }, trustStoreFrom(listed('hardware', shortRoot, below)));
});

test('a chain has a limit', () => {
  const chain = [root];
  for (let i = 1; i <= 5; i++) chain.push(makeCa(`Level ${i}`, { issuer: chain.at(-1) as typeof root }));
  const trust = trustStoreFrom(listed('hardware', ...chain));
  check(issue({ issuer: chain[4] as typeof root }), { trust });
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
  refuses('ek-issuer', { issuer: renewed }, trustStoreFrom(listed('hardware', renewed)));
  const both = listed('hardware', renewed, { name: 'Renewed 2', pem: pemOf(der) });
  check(issue({ issuer: renewed }), { trust: trustStoreFrom(both) });
});

test('an anchor that is not signed by itself is one where its file is said to be', () => {
  const [file] = listed('hardware', issuing);
  assert.ok(file);
  assert.equal(check(issue(), { trust: trustStoreFrom([{ ...file, anchor: true }]) }).anchor, 'CN=Vendor CA 1');
  refuses(
    'ek-issuer-unknown',
    {},
    trustStoreFrom(listed('hardware', root, issuing).map((one) => ({ ...one, anchor: false }))),
  );
});

test('signatures hold with RSA, RSA-PSS and ECDSA over each curve, with SHA-256 and better', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const curves = ['prime256v1', 'secp384r1', 'secp521r1'];
  type Way = [keys: { privateKey: KeyObject; publicKey: KeyObject }, wish: Partial<CertificateWish>];
  const ways: Way[] = [
    [rsa, {}],
    [rsa, { pss: true }],
    ...curves.map((namedCurve): Way => [generateKeyPairSync('ec', { namedCurve }), {}]),
  ];
  for (const [keys, way] of ways)
    for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
      const ca = makeCa('Any', { hash, ...way }, keys);
      const trust = trustStoreFrom(listed('hardware', ca));
      const certificate = issue({ issuer: ca, hash, ...way });
      check(certificate, { trust });
      const bent = Uint8Array.from(certificate);
      bent[bent.length - 8] = (bent.at(-8) ?? 0) ^ 1;
      assert.throws(() => check(bent, { trust }), { code: 'ek-issuer-unknown' });
    }
});

test('RSA-PSS whose parameters are weak, mixed or left out does not vouch', () => {
  const ca = makeCa('PSS', {}, generateKeyPairSync('rsa', { modulusLength: 2048 }));
  const trust = trustStoreFrom(listed('hardware', ca));
  check(issue({ issuer: ca, pss: { parameters: pssParameters('sha256', 32) } }), { trust });
  const none = tlv(0x30);
  const mixed = pssParameters('sha256', 32, 'sha512');
  const [hash, mask, salt] = readDer(pssParameters('sha256', 32), 'x').children.map(({ whole }) => whole) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const sha256 = tlv(0x30, oid('2.16.840.1.101.3.4.2.1'), tlv(0x05));
  const otherMask = tlv(0xa1, tlv(0x30, oid('1.2.3'), sha256));
  const sha1 = tlv(0xa0, tlv(0x30, oid('1.3.14.3.2.26'), tlv(0x05)));
  const salted = (length: number) => tlv(0xa2, tlv(0x02, Uint8Array.of(length)));
  const trailer = tlv(0xa3, tlv(0x02, Uint8Array.of(1)));
  check(issue({ issuer: ca, pss: { parameters: tlv(0x30, hash, mask, salt) } }), { trust });
  const sha1Mask = tlv(0xa1, tlv(0x30, oid('1.2.840.113549.1.1.8'), tlv(0x30, oid('1.3.14.3.2.26'), tlv(0x05))));
  const weak = issue({ issuer: ca, pss: { parameters: tlv(0x30, sha1, sha1Mask, salt) } });
  assert.deepEqual(readCertificate(weak, 'x').signed.algorithm, { oid: '1.2.840.113549.1.1.10' }, 'one we do not know');
  for (const parameters of [
    none,
    mixed,
    tlv(0x30, mask, salt),
    tlv(0x30, hash, salt),
    tlv(0x30, hash, mask),
    tlv(0x30, hash, otherMask, salt),
    tlv(0x30, sha1, mask, salt),
    tlv(0x30, hash, mask, salted(65)),
    tlv(0x30, hash, mask, salt, trailer),
  ])
    assert.throws(() => check(issue({ issuer: ca, pss: { parameters } }), { trust }), { code: 'ek-signature' });
});

test('a signature with SHA-1 does not vouch, but between CAs that are both listed', () => {
  refuses('ek-signature', { hash: 'sha1' });
  const old = makeCa('Old CA', { issuer: root, hash: 'sha1' });
  check(issue({ issuer: old }), { trust: trustStoreFrom(listed('hardware', root, old)) });
  assert.throws(() => check(issue({ issuer: old }), { trust: onlyRoot, shown: [old.der] }), {
    code: 'ek-issuer-unknown',
  });
});

test('where no way leads to an anchor, the last certificate on it is named; a CA that may not issue comes first', () => {
  const none = trustStoreFrom([]);
  assert.throws(() => check(issue(), { trust: none }), { where: 'certificate of CN=EK', got: 'CN=Vendor CA 1' });
  assert.throws(() => check(issue(), { trust: none, shown: [issuing.der] }), {
    where: 'certificate of CN=Vendor CA 1',
    got: 'CN=Vendor Root',
  });
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const fit = makeCa('Two', { issuer: root }, keys);
  const unfit = makeCa('Two', { issuer: root, extensions: [basicConstraints(false)] }, keys);
  for (const shown of [
    [fit.der, unfit.der],
    [unfit.der, fit.der],
  ])
    assert.throws(() => check(issue({ issuer: fit }), { trust: none, shown }), { code: 'ek-issuer' });
});

test('a CA may do anything that its certificate does not speak of, and EK certificates where it says so', () => {
  const may = (...extensions: CertificateWish['extensions'] & {}) => {
    const ca = makeCa('CA', { extensions: [basicConstraints(true), ...extensions] });
    return check(issue({ issuer: ca }), { trust: trustStoreFrom(listed('hardware', ca)) });
  };
  const critical = (...purposes: string[]) => ({ ...extendedKeyUsage(...purposes), critical: true });
  may();
  may(critical('2.23.133.8.1'));
  may(critical('2.5.29.37.0'));
  may(extendedKeyUsage('1.3.6.1.5.5.7.3.1'));
  assert.throws(() => may(critical('1.3.6.1.5.5.7.3.1')), { code: 'ek-issuer', got: 'other purposes' });
  assert.throws(() => may(keyUsage(0x02)), { code: 'ek-issuer', got: 'another use' });
});

test('a fault of ours is not taken for a certificate that is none, nor for a CA that may not issue', () => {
  assert.throws(() => check(issue(), { shown: [undefined as never] }), TypeError);
  assert.throws(() => check(undefined as never), TypeError);
  const broken = store.authorities.map((one) => ({ ...one, extensions: undefined as never }));
  assert.throws(() => check(issue(), { trust: { ...store, authorities: broken } }), TypeError);
});
