import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { parseEventLog } from '../index.ts';
import { corpusLog } from '../testing/index.ts';
import { readLoadOption } from './load-option.ts';

test('a boot entry has a name, a path and what is handed over', () => {
  const { kind, content } = parseEventLog(corpusLog('event-moklisttrusted')).events[12] ?? {};
  const option = kind === 'variable' && content?.meaning.is === 'load-option' ? content.meaning.option : undefined;
  assert.equal(option?.description, 'Red Hat Enterprise Linux');
  assert.equal(option?.path, 'HD(1,32e3ebef-0a78-4087-b320-948b8e06b02f)/\\EFI\\redhat\\shimx64.efi');
  assert.deepEqual([option?.active, option?.attributes, option?.optionalData.length], [true, 1, 0]);
});

test('an entry that ends too soon is refused, any other bytes are an entry', () => {
  const whole = Buffer.from('01000000' + '0400' + '41000000' + '7fff0400' + '626c6162', 'hex');
  assert.deepEqual([readLoadOption(whole).description, readLoadOption(whole).optionalData.length], ['A', 4]);
  for (let length = 0; length < 14; length++)
    assert.throws(() => readLoadOption(whole.subarray(0, length)), AssayError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readLoadOption(bytes);
      } catch (error) {
        assert.ok(error instanceof AssayError, String(error));
      }
    }),
  );
});
