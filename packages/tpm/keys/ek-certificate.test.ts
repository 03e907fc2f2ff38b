import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutPadding } from './ek-certificate.ts';

const der = (length: number) => {
  const head =
    length < 128 ? [0x30, length] : length < 256 ? [0x30, 0x81, length] : [0x30, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0x42)]);
};

test('a certificate loses the zeros or ones behind it, and nothing else', () => {
  for (const length of [0, 5, 127, 128, 255, 256, 1400])
    for (const padding of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(200), Buffer.alloc(200, 0xff)])
      assert.deepEqual(withoutPadding(Buffer.concat([der(length), padding]), 'NV'), der(length));
});

test('what is no certificate is refused with its place', () => {
  const refused = { code: 'tpm-ek-certificate', where: 'NV' };
  for (const contents of [
    Buffer.of(),
    Buffer.alloc(300),
    Buffer.alloc(300, 0xff),
    Buffer.of(0x30),
    Buffer.of(0x30, 0x80, 0, 0),
    Buffer.of(0x30, 0x83, 1, 0, 0),
    der(300).subarray(0, 299),
    Buffer.concat([der(300), Buffer.of(0, 1)]),
    Buffer.concat([der(300), Buffer.of(0x42)]),
  ])
    assert.throws(() => withoutPadding(contents, 'NV'), refused);
});
