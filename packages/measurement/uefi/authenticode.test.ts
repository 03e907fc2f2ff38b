import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { buildPe } from '../testing/index.ts';
import { authenticodeDigest, readPe } from './authenticode.ts';

const digest = (file: Uint8Array, algorithm: 'sha256' | 'sha384' = 'sha256') =>
  authenticodeDigest(readPe(file, 'image'), algorithm).toHex();
const sections = { '.text': Buffer.from('what runs'), '.linux': Buffer.from('a kernel'), '.empty': Buffer.alloc(0) };
const trailing = Buffer.from('debugging');
const optional = 0x80 + 24;
const bytesOf = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');

test('all of the file is hashed but the checksum, the directory entry of the certificates, and these', () => {
  const certificates = Buffer.alloc(24, 0xce);
  const file = buildPe({ sections, trailing: Buffer.concat([trailing, Buffer.alloc(6)]), certificates });
  const entry = optional + 112 + 4 * 8;
  const end = file.length - certificates.length;
  const parts = [file.subarray(0, optional + 64), file.subarray(optional + 68, entry), file.subarray(entry + 8, end)];
  assert.equal(digest(file), bytesOf(...parts));
  assert.equal(digest(file, 'sha384').length, 96);
  assert.deepEqual(
    readPe(file, 'image').sections.map(({ name, data }) => [name, data.length]),
    [
      ['.text', 9],
      ['.linux', 8],
      ['.empty', 0],
    ],
  );
});

test('checksum and signature do not change the digest, and each other byte does', () => {
  const even = { sections, trailing: Buffer.alloc(7) }; // what signing would fill up to eight bytes is full
  const plain = buildPe(even);
  assert.equal(plain.length % 8, 0);
  assert.equal(digest(buildPe({ ...even, checksum: 7, certificates: Buffer.alloc(16, 1) })), digest(plain));
  fc.assert(
    fc.property(fc.nat(plain.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = Buffer.from(plain);
      changed[at] = (changed[at] as number) ^ by;
      const free = (from: number, size: number) => at >= from && at < from + size;
      if (free(optional + 64, 4) || free(optional + 112 + 32, 8)) return;
      try {
        assert.notEqual(digest(changed), digest(plain));
      } catch (error) {
        if (!(error instanceof AssayError)) throw error; // the byte was one of a length
      }
    }),
    { numRuns: 500 },
  );
});

test('the file is not filled up to eight bytes: firmware measures what lies on the disk', () => {
  const odd = buildPe({ sections });
  assert.notEqual(odd.length % 8, 0);
  assert.equal(
    digest(odd),
    bytesOf(
      odd.subarray(0, optional + 64),
      odd.subarray(optional + 68, 0x80 + 24 + 144),
      odd.subarray(0x80 + 24 + 152),
    ),
  );
});

test('sections are hashed in the order they have in the file', () => {
  const layout = ['.linux', '.text'];
  const file = buildPe({ sections, layout, plus: true });
  const { hashed } = readPe(file, 'image');
  assert.deepEqual(hashed.slice(3, 5).map(String), ['a kernel', 'what runs']);
});

test('PE32 is read like PE32+, and an image without room for certificates has none', () => {
  const old = buildPe({ sections, plus: false });
  const at = optional + 96 + 32;
  assert.equal(
    digest(old),
    bytesOf(old.subarray(0, optional + 64), old.subarray(optional + 68, at), old.subarray(at + 8)),
  );
  const few = buildPe({ sections, directories: 4 });
  assert.equal(digest(few), bytesOf(few.subarray(0, optional + 64), few.subarray(optional + 68)));
});

test('an image cut short anywhere has an AssayError or the digest of what is left', () => {
  const file = buildPe({ sections, certificates: Buffer.alloc(16, 1) });
  const whole = digest(file);
  for (let end = 0; end < file.length; end++)
    assert.throws(() => digest(file.subarray(0, end)), AssayError, `cut at ${end}`);
  const unsigned = buildPe({ sections, trailing });
  for (let end = 0; end < unsigned.length; end++)
    try {
      assert.notEqual(digest(unsigned.subarray(0, end)), whole);
    } catch (error) {
      assert.ok(error instanceof AssayError, String(error));
    }
});

test('what is no image, or points out of its file, is refused', () => {
  const file = buildPe({ sections });
  const wrong = (at: number, value: number, size: 1 | 2 | 4 = 4): Buffer => {
    const copy = Buffer.from(file);
    copy.writeUIntLE(value, at, size);
    return copy;
  };
  const table = optional + 112 + 128;
  const refused: [string, Buffer, string][] = [
    ['no MZ', wrong(0, 0x58, 1), 'pe'],
    ['nothing', Buffer.alloc(0), 'pe'],
    ['a header far away', wrong(0x3c, 0xffff_fff0), 'wire-short'],
    ['no PE', wrong(0x80, 0x58, 1), 'pe'],
    ['a ROM image', wrong(optional, 0x107, 2), 'pe'],
    ['a short optional header', wrong(0x80 + 20, 60, 2), 'pe'],
    ['no room for the directory', wrong(0x80 + 20, 112 + 39, 2), 'pe'],
    ['97 sections', wrong(0x80 + 6, 97, 2), 'pe'],
    ['more sections than the headers hold', wrong(0x80 + 6, 16, 2), 'pe'],
    ['more sections than the file holds', wrong(0x80 + 6, 40, 2), 'wire-short'],
    ['headers past the file', wrong(optional + 60, file.length + 1), 'pe'],
    ['headers within headers', wrong(optional + 60, 16), 'pe'],
    ['a section past the file', wrong(table + 20, file.length), 'pe'],
    ['a section too long', wrong(table + 16, 0xffff_ffff), 'pe'],
    ['certificates longer than the rest', wrong(optional + 112 + 36, 1), 'pe'],
  ];
  for (const [name, bytes, code] of refused)
    assert.throws(() => readPe(bytes, 'image'), { name: 'AssayError', code }, name);
});

test('any bytes give an image or an AssayError', () => {
  const start = buildPe({ sections });
  const changes = fc.array(fc.tuple(fc.nat(start.length - 1), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(changes, fc.nat(start.length), (all, end) => {
      const file = Buffer.from(start);
      for (const [at, value] of all) file[at] = value;
      try {
        digest(file.subarray(0, end));
      } catch (error) {
        assert.ok(error instanceof AssayError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
