import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meaningOf, shimLock } from './variable-meaning.ts';

const sbatLevel = (value: Uint8Array) => meaningOf(shimLock, 'SbatLevel', value, false);

test('an SBAT level is lines of text, without the NULs firmware keeps behind it', () => {
  const text = 'sbat,1,2023012900\nshim,2\n';
  assert.deepEqual(sbatLevel(Buffer.from(text)), { is: 'text', text });
  assert.deepEqual(sbatLevel(Buffer.from(`${text}\0\0`)), { is: 'text', text });
  assert.equal(sbatLevel(Buffer.from(`${text}\x01`)).is, 'malformed');
});

test('a long run of NULs with something behind it is read once, not once for each', () => {
  const value = new Uint8Array(4 * 1024 * 1024);
  value[value.length - 1] = 0x78;
  assert.equal(sbatLevel(value).is, 'malformed'); // with a search from every NUL this takes hours
});
