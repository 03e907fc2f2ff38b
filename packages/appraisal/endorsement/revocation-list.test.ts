import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { type Der, readDer } from '@assay/core/der';
import fc from 'fast-check';
import {
  basicConstraints,
  type Extension,
  issueRevocationList,
  keyUsage,
  makeCa,
  oid,
  pemOf,
  type RevocationWish,
  tlv,
} from '../testing/certificates.ts';
import { check, issue, issuing, listed, now, root } from '../testing/vendor.ts';
import { readRevocationList, steadyUntil } from './revocation-list.ts';
import { trustStoreFrom } from './trust-store.ts';

const day = 24 * 3600_000;
const ekSerial = Uint8Array.of(0x22); // of `issue`
const issuingSerial = Uint8Array.of(0x11);
const listOf = (wish: Partial<RevocationWish> = {}) => issueRevocationList({ issuer: issuing, ...wish });
const storeWith = (...lists: Uint8Array[]) =>
  trustStoreFrom(
    listed('hardware', root, issuing),
    lists.map((bytes, i) => ({ file: `${i}.crl`, bytes })),
  );
const checkWith = (...lists: Uint8Array[]) => check(issue(), { trust: storeWith(...lists) });
const refused = (code: string, ...lists: Uint8Array[]) => assert.throws(() => checkWith(...lists), { code });
const unusable = (bytes: Uint8Array, what: string) =>
  assert.throws(() => storeWith(bytes), { code: 'trust-store-crl', where: '0.crl' }, what);
const extension = (oid: string, critical: boolean, value: Uint8Array): Extension => ({ oid, critical, value });

test('E04 a revoked EK certificate is refused, and so is one whose CA is', () => {
  checkWith();
  checkWith(listOf());
  checkWith(listOf({ revoked: [{ serial: issuingSerial }, { serial: Uint8Array.of(0x22, 0x22) }] }));
  refused('ek-revoked', listOf({ revoked: [{ serial: Uint8Array.of(1) }, { serial: ekSerial }] }));
  checkWith(listOf({ issuer: root, revoked: [{ serial: ekSerial }] })); // another issuer's number
  refused('ek-revoked', listOf({ issuer: root, revoked: [{ serial: issuingSerial }] }));
});

test('E04 a revoked CA is refused as well when the host shows it', () => {
  const bytes = issueRevocationList({ issuer: root, revoked: [{ serial: issuingSerial }] });
  const trust = trustStoreFrom(listed('hardware', root), [{ file: 'root.crl', bytes }]);
  assert.throws(() => check(issue(), { trust, shown: [issuing.der] }), { code: 'ek-revoked' });
  const spared = makeCa('Vendor CA 2', { issuer: root, serial: Uint8Array.of(0x12) });
  check(issue({ issuer: spared }), { trust, shown: [spared.der] });
});

test('E04 a list that is stale, or not yet good, leaves its issuer’s certificates refused', () => {
  const before = (days: number) => new Date(now.getTime() - days * day);
  refused('ek-crl-stale', listOf({ thisUpdate: before(9), nextUpdate: before(2) }));
  refused('ek-crl-stale', listOf({ thisUpdate: new Date(now.getTime() + day) }));
  checkWith(listOf({ thisUpdate: before(2), nextUpdate: before(-2) }));
  checkWith(listOf({ thisUpdate: before(9), nextUpdate: before(2) }), listOf()); // an old file left lying about
  refused('ek-revoked', listOf({ thisUpdate: before(9), nextUpdate: before(2), revoked: [{ serial: ekSerial }] }));
  refused(
    'ek-crl-stale',
    listOf(),
    issueRevocationList({ issuer: root, nextUpdate: before(1), thisUpdate: before(2) }),
  );
});

test('E04 of two lists the later one decides', () => {
  const earlier = new Date(now.getTime() - 2 * day);
  const revoked = [{ serial: ekSerial }];
  checkWith(listOf({ thisUpdate: earlier, revoked }), listOf());
  refused('ek-revoked', listOf({ thisUpdate: earlier }), listOf({ revoked }));
  refused('ek-revoked', listOf({ revoked }), listOf({ thisUpdate: earlier }));
});

test('E04 a list signed by another key, or by nobody in the store, is none', () => {
  storeWith(listOf());
  unusable(listOf({ issuer: makeCa('Vendor CA 1') }), 'the name, and another key');
  unusable(listOf({ issuer: makeCa('Stranger') }), 'a CA that is not listed');
  unusable(listOf({ issuer: { name: root.name, key: issuing.key } }), 'the key of another CA');
  unusable(listOf({ hash: 'sha1' }), 'SHA-1');
  unusable(listOf({ claimedHash: 'sha384' }), 'another algorithm outside than inside');
  const bent = Uint8Array.from(listOf());
  bent[bent.length - 5] = (bent.at(-5) ?? 0) ^ 1;
  unusable(bent, 'another signature');
});

test('E04 a CA that may not sign revocation lists did not', () => {
  const may = (bits: number) => {
    const ca = makeCa('CA', { issuer: root, extensions: [basicConstraints(true), keyUsage(bits)] });
    return () =>
      trustStoreFrom(listed('hardware', root, ca), [{ file: '0.crl', bytes: issueRevocationList({ issuer: ca }) }]);
  };
  assert.throws(may(0x04), { code: 'trust-store-crl' });
  assert.equal(may(0x06)().revocations.length, 1);
});

test('E04 a partial list does not stand for its CA', () => {
  const number = extension('2.5.29.20', false, tlv(0x02, Uint8Array.of(1)));
  storeWith(listOf({ extensions: [number, extension('2.5.29.35', false, tlv(0x30))] }));
  const partial: Record<string, Extension> = {
    delta: extension('2.5.29.27', true, tlv(0x02, Uint8Array.of(1))),
    indirect: extension('2.5.29.28', true, tlv(0x30, tlv(0x84, Uint8Array.of(0xff)))),
    'CAs alone': extension('2.5.29.28', true, tlv(0x30, tlv(0x82, Uint8Array.of(0xff)))),
    'an unknown critical extension': extension('1.2.3.4', true, tlv(0x05)),
  };
  for (const [what, one] of Object.entries(partial)) unusable(listOf({ extensions: [number, one] }), what);
  for (const what of ['delta', 'indirect', 'CAs alone'])
    unusable(
      listOf({ extensions: [number, { ...partial[what]!, critical: false }] }),
      `${what}, not said to be critical`,
    );
  unusable(listOf({ extensions: [number, number] }), 'an extension twice');
  const entry = (one: Extension) => listOf({ revoked: [{ serial: ekSerial, extensions: [one] }] });
  refused('ek-revoked', entry(extension('2.5.29.21', false, tlv(0x0a, Uint8Array.of(6))))); // on hold
  unusable(entry(extension('2.5.29.21', false, tlv(0x0a, Uint8Array.of(8)))), 'removed from a list');
  for (const critical of [true, false])
    unusable(entry(extension('2.5.29.29', critical, tlv(0x30))), 'an entry of another issuer');
  unusable(entry(extension('1.2.3.4', true, tlv(0x05))), 'an entry with an unknown critical extension');
});

test('E04 a list without an end, or of another version, is none', () => {
  unusable(listOf({ nextUpdate: undefined }), 'no nextUpdate');
  for (const version of [0, 2]) unusable(listOf({ version }), `version ${version}`);
  unusable(Buffer.concat([listOf(), Uint8Array.of(0)]), 'something behind it');
});

test('several lists may stand in one file in PEM', () => {
  const pem = [listOf(), issueRevocationList({ issuer: root })].map((der) => pemOf(der, 'X509 CRL')).join('\n');
  assert.equal(storeWith(Buffer.from(pem)).revocations.length, 2);
  unusable(Buffer.from(pem.replace('-----END', '----')), 'a torn file');
  unusable(Buffer.from(root.pem), 'a certificate');
});

test('a list of many is read in one go', () => {
  const serialOf = (i: number) => ({ serial: Uint8Array.of(1, i >> 8, i & 0xff) });
  const list = listOf({ revoked: [...Array.from({ length: 2000 }, (_, i) => serialOf(i)), { serial: ekSerial }] });
  refused('ek-revoked', list);
});

test('a list cut or changed anywhere is refused', () => {
  const good = listOf({ revoked: [{ serial: ekSerial }] });
  const { authorities } = storeWith();
  const read = (bytes: Uint8Array) => readRevocationList(bytes, 'x', authorities);
  assert.equal(read(good).revoked.size, 1);
  for (let length = 0; length < good.length; length++)
    assert.throws(() => read(good.subarray(0, length)), { code: 'trust-store-crl' });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = Uint8Array.from(good);
      changed[at] = (changed[at] ?? 0) ^ mask;
      try {
        read(changed);
      } catch (error) {
        assert.ok(error instanceof AssayError);
        return;
      }
      assert.fail(`accepted with byte ${at} changed`);
    }),
    { numRuns: 300 },
  );
});

const wholes = (element: Der | undefined) => (element?.children ?? []).map(({ whole }) => whole);

test('a list has the fields of a v2 CRL and no others', () => {
  const { authorities } = storeWith();
  const good = readDer(listOf({ revoked: [{ serial: ekSerial }] }), 'x');
  /** Version, algorithm, issuer, thisUpdate, nextUpdate, entries. */
  const fields = wholes(good.children[0]);
  const [integer, octets] = [0x02, 0x04];
  const reads = (bytes: Uint8Array, expected: string | RegExp) =>
    assert.throws(
      () => readRevocationList(bytes, 'x', authorities),
      (error) =>
        error instanceof AssayError && error.code === 'trust-store-crl' && error.expected.match(expected) !== null,
    );
  const list = (...tbs: Uint8Array[]) => tlv(0x30, tlv(0x30, ...tbs), ...wholes(good).slice(1));
  const utc = tlv(0x17, Buffer.from('491231235959Z'));
  reads(list(...fields.toSpliced(4, 1, utc)), /^a signature by CN=Vendor CA 1$/);
  reads(listOf({ issuer: makeCa('Stranger') }), /^a list of a CA in the trust store$/);
  reads(tlv(0x30, ...wholes(good), tlv(0x05)), /^three elements$/);
  for (const version of [tlv(octets, Uint8Array.of(1)), tlv(integer, Uint8Array.of(1, 0)), tlv(integer)])
    reads(list(...fields.toSpliced(0, 1, version)), /^a v2 CRL$/);
  reads(list(), /^a v2 CRL$/);
  reads(list(...fields.toSpliced(4, 1, tlv(0x05))), /^nextUpdate/);
  reads(list(...fields, tlv(0xa1, tlv(0x30))), /^nothing behind the extensions$/);
  reads(list(...fields, tlv(0xa0, tlv(0x30)), tlv(0x05)), /^nothing behind the extensions$/);
  const sha384 = tlv(0x30, oid('1.2.840.10045.4.3.3'));
  const other = tlv(0x30, ...fields.toSpliced(1, 1, sha384));
  const signature = tlv(0x03, Uint8Array.of(0), sign('sha256', other, issuing.key));
  reads(tlv(0x30, other, wholes(good)[1] as Uint8Array, signature), /^the algorithm it is signed with$/);
  const entry = wholes(readDer(fields[5] as Uint8Array, 'x').children[0]);
  const entries = (...parts: Uint8Array[]) => fields.toSpliced(5, 1, tlv(0x30, tlv(0x30, ...parts)));
  reads(list(...entries(...entry, tlv(0x30), tlv(0x05))), /^serial number, date and extensions$/);
});

test('what a list says holds until one of them begins or ceases to, whichever is first', () => {
  const at = (days: number) => new Date(Math.floor(now.getTime() / 1000) * 1000 + days * day);
  const { revocations } = storeWith(
    listOf({ thisUpdate: at(-3), nextUpdate: at(5) }),
    listOf({ thisUpdate: at(3), nextUpdate: at(9) }),
  );
  const until = (days: number) => steadyUntil({ revocations }, at(days)).getTime();
  assert.equal(until(-4), at(-3).getTime());
  assert.equal(until(-3), at(3).getTime());
  assert.equal(until(4), at(5).getTime() + 1);
  assert.equal(until(6), at(9).getTime() + 1);
  assert.equal(until(10), 8.64e15);
  assert.equal(steadyUntil({ revocations: [] }, now).getTime(), 8.64e15);
});

test('a CA with two keys has two lists, and either revokes', () => {
  const second = makeCa('Vendor CA 1', { issuer: root, serial: Uint8Array.of(0x12) });
  const bytes = (ca: typeof issuing, ...serials: Uint8Array[]) =>
    issueRevocationList({ issuer: ca, revoked: serials.map((serial) => ({ serial })) });
  const of = (...lists: Uint8Array[]) =>
    trustStoreFrom(
      listed('hardware', root, issuing, second),
      lists.map((one, i) => ({ file: `${i}.crl`, bytes: one })),
    );
  check(issue(), { trust: of(bytes(issuing), bytes(second)) });
  for (const lists of [
    [bytes(issuing, ekSerial), bytes(second)],
    [bytes(issuing), bytes(second, ekSerial)],
  ])
    assert.throws(() => check(issue(), { trust: of(...lists) }), { code: 'ek-revoked' });
});

test('a CA that does not say what its key may do may sign lists; a fault of ours is no bad list', () => {
  const ca = makeCa('CA', { issuer: root, extensions: [basicConstraints(true)] });
  const list = { file: '0.crl', bytes: issueRevocationList({ issuer: ca }) };
  assert.equal(trustStoreFrom(listed('hardware', root, ca), [list]).revocations.length, 1);
  assert.throws(() => readRevocationList(listOf(), 'x', undefined as never), TypeError);
});

test('extensions that change nothing may be critical, and others stand there when they are not', () => {
  const number = tlv(0x02, Uint8Array.of(8));
  storeWith(listOf({ extensions: [extension('2.5.29.20', true, number), extension('1.2.3.4', false, number)] }));
  const entry = (one: Extension) =>
    refused('ek-revoked', listOf({ revoked: [{ serial: ekSerial, extensions: [one] }] }));
  entry(extension('1.2.3.4', false, number));
  entry(extension('2.5.29.21', true, tlv(0x0a, Uint8Array.of(1))));
});
