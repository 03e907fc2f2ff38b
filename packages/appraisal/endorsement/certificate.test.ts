import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { type Der, readDer, tags } from '@assay/core/der';
import { basicConstraints, oid, tlv } from '../testing/certificates.ts';
import { check, issue } from '../testing/vendor.ts';
import { readCertificate } from './certificate.ts';

const wholes = (element: Der | undefined) => (element?.children ?? []).map(({ whole }) => whole);
const good = readDer(issue(), 'x');
/** Version, serial number, algorithm, issuer, validity, subject, key, extensions. */
const fields = wholes(good.children[0]);
const seq = (...parts: Uint8Array[]) => tlv(tags.sequence, ...parts);
const certificate = (...tbs: Uint8Array[]) => seq(seq(...tbs), ...wholes(good).slice(1));
/** The good one with this field in the place of its own; nobody signed it. */
const withField = (at: number, ...instead: Uint8Array[]) => certificate(...fields.toSpliced(at, 1, ...instead));
const read = (der: Uint8Array) => readCertificate(der, 'x');
const refuses = (der: Uint8Array, expected?: string | RegExp) =>
  assert.throws(
    () => read(der),
    (error) => error instanceof AssayError && (expected === undefined || error.expected.match(expected) !== null),
  );

test('a certificate has three elements, and a signature over the first covers no fourth', () => {
  read(withField(0, fields[0] as Uint8Array));
  const fourth = seq(...wholes(good), tlv(0x05));
  refuses(fourth, /^three elements$/);
  assert.throws(() => check(fourth), { code: 'ek-certificate' });
});

test('E06 the version is the one INTEGER 2, and v1 is said by leaving it out', () => {
  const version = (inside: Uint8Array) => withField(0, tlv(0xa0, inside));
  read(version(tlv(tags.integer, Uint8Array.of(2))));
  for (const wrong of [tlv(tags.integer, Uint8Array.of(1)), tlv(tags.octetString, Uint8Array.of(2))])
    refuses(version(wrong), /^v3$/);
  refuses(version(tlv(tags.integer, Uint8Array.of(2, 0))), /^v3$/);
  refuses(version(tlv(tags.integer)), /^v3$/);
  refuses(withField(0, tlv(0xa0)), /^v3$/);
  for (const tag of [0xa1, 0xa3, tags.sequence])
    refuses(withField(0, tlv(tag, tlv(tags.integer, Uint8Array.of(2)))), /^v3$/);
  assert.throws(
    () => read(version(tlv(tags.integer, Uint8Array.of(1)))),
    (error) => error instanceof AssayError && error.got !== 'v1',
  );
  assert.throws(() => read(withField(0)), { expected: 'v3', got: 'v1' });
});

test('nothing stands between the key and the extensions, and nothing behind them', () => {
  const extensions = fields[7] as Uint8Array;
  assert.equal(read(certificate(...fields.slice(0, 7))).extensions.size, 0);
  refuses(certificate(...fields.slice(0, 7), tlv(0x81, Uint8Array.of(0)), extensions), /no unique identifiers/);
  refuses(certificate(...fields, extensions), /no unique identifiers/);
  const inside = readDer(extensions, 'x').content;
  for (const tag of [0xa1, 0xa2, 0xa4, 0x30]) refuses(withField(7, tlv(tag, inside)), /no unique identifiers/);
  refuses(withField(7, tlv(0xa3)));
});

test('an extension is a name, whether it is critical, and a value', () => {
  const { oid: id, value } = basicConstraints(false);
  const [name, octets] = [oid(id), tlv(tags.octetString, value)];
  const one = (...parts: Uint8Array[]) => withField(7, tlv(0xa3, seq(seq(...parts))));
  const yes = tlv(tags.boolean, Uint8Array.of(0xff));
  assert.deepEqual([...read(one(name, octets)).extensions.values()][0]?.critical, false);
  assert.deepEqual([...read(one(name, yes, octets)).extensions.values()][0]?.critical, true);
  refuses(one(name, octets, octets), /^nothing behind it$/);
  refuses(one(name, yes));
  refuses(one(name, tlv(tags.integer, Uint8Array.of(1)), octets));
  refuses(one(yes, octets));
});

test('a key is of the kind its algorithm says, and of a kind of its own where we do not know it', () => {
  const bits = tlv(tags.bitString, Uint8Array.of(0, 4, 1, 2));
  const key = (...algorithm: Uint8Array[]) => read(withField(6, seq(seq(...algorithm), bits))).publicKey;
  const ec = oid('1.2.840.10045.2.1');
  const other = { type: 'other', algorithm: '1.2.840.10045.2.1' };
  assert.deepEqual(key(ec, oid('1.3.132.0.34')), {
    type: 'ec',
    curve: '1.3.132.0.34',
    point: Buffer.from('040102', 'hex'),
  });
  assert.deepEqual(key(ec, seq()), other, 'a curve of its own making');
  assert.deepEqual(key(ec), other);
  assert.deepEqual(key(oid('1.2.3'), oid('1.3.132.0.34')), { type: 'other', algorithm: '1.2.3' });
});
