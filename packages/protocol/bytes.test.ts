import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { fromBase64 } from './bytes.ts';

test('bytes have one spelling, and any other is refused', () => {
  const refused = [
    'Q',
    'QQ',
    'QQ=',
    'QR==',
    'QUI',
    'QUJ=',
    '====',
    'QQ==QQ==',
    'Q Q==',
    'QQ==\n',
    '-_-_',
    'QUJD-',
    'QUJD=',
    'é===',
    'QUJDQQ',
  ];
  for (const text of refused) assert.throws(() => fromBase64(text, 'x'), { code: 'message-base64' }, text);
  const characters = fc.constantFrom(...'AQRZaz09+/=-_ \n\0é');
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
      const canonical = Buffer.from(text, 'base64').toString('base64') === text;
      try {
        fromBase64(text, 'x');
        assert.ok(canonical);
      } catch (error) {
        assert.ok(error instanceof AssayError && !canonical, text);
      }
    }),
    { numRuns: 2000 },
  );
});
