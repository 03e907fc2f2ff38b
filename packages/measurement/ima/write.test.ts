import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { imaEntry, imaExtends } from '../testing/build-ima.ts';
import { readImaList } from './read.ts';
import { imaExtension, writeImaEntry } from './write.ts';

const anyPath = fc
  .string({ minLength: 1, maxLength: 200, unit: 'grapheme' })
  .filter((path) => !path.includes('\0') && Buffer.from(path).toString() === path);
const anyDigest = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('an entry is written as a kernel writes it, and extends each bank as it does', () => {
  fc.assert(
    fc.property(anyPath, anyDigest, (path, digest) => {
      const written = writeImaEntry({ path, digest });
      assert.deepEqual(Buffer.from(written.bytes), imaEntry({ path, digest }));
      for (const bank of ['sha1', 'sha256', 'sha384'] as const)
        assert.deepEqual(Buffer.from(imaExtension(written, bank)), imaExtends({ path, digest }, bank));
    }),
  );
});

test('what was written is read back, with nothing strange about it', () => {
  const digest = new Uint8Array(32).fill(7);
  const list = ['boot_aggregate', '/usr/bin/true', `/${'x'.repeat(4094)}`].map((path) =>
    writeImaEntry({ path, digest }),
  );
  const read = [...readImaList(Buffer.concat(list.map(({ bytes }) => bytes)))];
  assert.deepEqual(
    read.map(({ fields, problems, pcr }) => [fields?.path.length, fields?.digest.algorithm, problems, pcr]),
    [14, 13, 4095].map((length) => [length, 'sha256', [], 10]),
  );
});

test('a path no kernel has and a digest of another length are refused', () => {
  const digest = new Uint8Array(32);
  const refused = (code: string) => (error: unknown) => error instanceof AssayError && error.code === code;
  for (const path of ['', 'a\0b', `/${'x'.repeat(4095)}`, `/${'ü'.repeat(2048)}`])
    assert.throws(() => writeImaEntry({ path, digest }), refused('ima-path'), path.slice(0, 10));
  for (const length of [0, 20, 31, 33])
    assert.throws(() => writeImaEntry({ path: '/x', digest: new Uint8Array(length) }), refused('ima-digest'));
});
