import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksLike } from './looks-like.ts';

const tar = Buffer.alloc(512);
tar.write('ustar', 257);

test('a file that is no package is named by what it looks like, and only what can be imported is said to be', () => {
  const cases: [Buffer, RegExp, boolean][] = [
    [Buffer.alloc(0), /empty/, false],
    [Buffer.from('PK\x03\x04 zip'), /zip/, false],
    [Buffer.from([0x1f, 0x8b, 8, 0]), /gzip/, false],
    [Buffer.from('\x7fELF\x02\x01', 'latin1'), /ELF/, false],
    [Buffer.from('#!/bin/sh\n'), /script/, false],
    [Buffer.from('070701'), /boots/, true],
    [Buffer.concat([Buffer.from('MZ'), Buffer.alloc(62)]), /boots/, true],
    [tar, /tar/, false],
    [Buffer.from('a note\n'), /text/, false],
    [Buffer.from(`${'ab'.repeat(32)}  /usr/bin/x\n`), /list/, true],
    [Buffer.from('{"assay_reference": 1}'), /list/, true],
    [Buffer.from([1, 0, 2, 0xff]), /another kind/, false],
  ];
  for (const [head, is, importable] of cases) {
    const found = looksLike(head);
    assert.match(found.is, is);
    assert.equal(found.import, importable, found.is);
  }
});
