// Keys of Secure Boot: lists are cut where they end, certificates are read as OpenSSL reads them.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { parseEventLog } from '../index.ts';
import { corpusLog, corpusLogs, logGuids, signatureList } from '../testing/index.ts';
import { readCertificate } from './certificate.ts';
import { certificateOf, fingerprintOf, type Key, keyName, keysOf, readSignatureLists } from './signature-list.ts';

/** Every key that a corpus log holds. */
const corpusKeys = (): Key[] =>
  corpusLogs.flatMap((name) =>
    parseEventLog(corpusLog(name)).events.flatMap(({ kind, content }) => {
      if (kind !== 'variable') return [];
      if (content?.meaning.is === 'authority') return [content.meaning.key];
      return content?.meaning.is === 'keys' ? [...keysOf(content.meaning.lists)] : [];
    }),
  );

test('certificates of real machines are read as OpenSSL reads them', () => {
  const certificates = corpusKeys().filter(({ type }) => type === 'x509');
  assert.ok(certificates.length > 20);
  for (const key of certificates) {
    const [ours, theirs] = [certificateOf(key), new X509Certificate(key.data)];
    const lines = (name: string) => name.replaceAll('\n', ', ');
    assert.equal(ours?.subject.replaceAll('\\', ''), lines(theirs.subject).replaceAll('\\', ''));
    assert.equal(ours?.issuer.replaceAll('\\', ''), lines(theirs.issuer).replaceAll('\\', ''));
    assert.equal(BigInt(`0x${ours?.serial}`), BigInt(`0x${theirs.serialNumber}`));
    const year = String(theirs.validToDate.getUTCFullYear());
    assert.ok(ours?.notAfter.startsWith(ours.notAfter.length === 13 ? year.slice(2) : year));
    assert.equal(fingerprintOf(key), theirs.fingerprint256.replaceAll(':', '').toLowerCase());
  }
});

test('a revocation list is hashes, each with who put it there', () => {
  const hashes = corpusKeys().filter(({ type }) => type === 'sha256');
  assert.ok(hashes.length > 150);
  for (const key of hashes) {
    assert.equal(key.data.length, 32);
    assert.match(keyName(key), /^[0-9a-f]{64}$/);
    assert.match(key.owner, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  }
});

test('L20 a list smaller than its head, or not made of whole keys, is refused with the place', () => {
  const honest = signatureList(logGuids.sha256, [Buffer.alloc(48, 1), Buffer.alloc(48, 2)]);
  assert.deepEqual(
    [...keysOf(readSignatureLists(honest))].map(({ data }) => data[0]),
    [1, 2],
  );
  const field = { list: 16, header: 20, key: 24 };
  const refused = (at: number, value: number, before: Uint8Array = new Uint8Array()) => {
    const bytes = Buffer.from(honest);
    bytes.writeUInt32LE(value, at);
    const where = new RegExp(`at byte ${before.length + at}$`);
    assert.throws(() => readSignatureLists(Buffer.concat([before, bytes])), { code: 'signature-list', where });
  };
  for (const size of [0, 1, 16, 27, honest.length + 1, 0x8000_0000, 0xffff_ffff]) refused(field.list, size);
  for (const size of [97, 0x7fff_ffff, 0xffff_ffe4, 0xffff_ffff]) refused(field.header, size);
  for (const size of [0, 1, 15, 17, 47, 97, 0xffff_ffff]) refused(field.key, size);
  refused(field.list, 27, honest);
  assert.throws(() => readSignatureLists(honest.subarray(0, 20)), { code: 'signature-list' });
});

test('any bytes are lists or refused, and all of a list is in its parts', () => {
  const whole = signatureList(logGuids.x509, [Buffer.alloc(100, 3)]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(whole.length), (bytes, at) => {
      const value = Buffer.concat([whole.subarray(0, at), bytes]);
      try {
        const lists = readSignatureLists(value);
        const lengths = lists.map(({ header, keys }) => 28 + header.length + keys.length);
        assert.equal(
          lengths.reduce((sum, length) => sum + length, 0),
          value.length,
        );
        for (const key of keysOf(lists)) keyName(key);
      } catch (error) {
        assert.ok(error instanceof AssayError, String(error));
      }
    }),
  );
});

test('a certificate cut or changed anywhere is read or refused, and its names cannot pretend to be several', () => {
  const der = corpusKeys().find(({ type }) => type === 'x509')?.data ?? new Uint8Array();
  const tries = [...Array(der.length).keys()].flatMap((at) => [
    der.subarray(0, at),
    Uint8Array.from(der, (byte, i) => (i === at ? byte ^ 0xff : byte)),
  ]);
  for (const bytes of tries)
    try {
      readCertificate(bytes);
    } catch (error) {
      assert.ok(error instanceof AssayError, String(error));
    }
  const name = Buffer.from('a, CN=Microsoft\x1b[2J');
  const tlv = (tag: number, ...parts: Uint8Array[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, body.length]), body]);
  };
  const rdn = tlv(0x30, tlv(0x31, tlv(0x30, tlv(0x06, Buffer.from('550403', 'hex')), tlv(0x0c, name))));
  const times = tlv(0x30, tlv(0x17, Buffer.from('250101000000Z')), tlv(0x17, Buffer.from('350101000000Z')));
  const forged = tlv(0x30, tlv(0x30, tlv(0x02, Buffer.of(1)), tlv(0x30), rdn, times, rdn));
  assert.equal(readCertificate(forged).subject, 'CN=a\\, CN\\=Microsoft\\u{1b}[2J');
});
