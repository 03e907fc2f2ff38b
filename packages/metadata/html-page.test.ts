import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlPage } from './html-page.ts';

test('a page that is not there has the 154 bytes guests know', () => {
  assert.equal(Buffer.byteLength(htmlPage(404)), 154);
});
