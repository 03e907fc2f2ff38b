import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { bodyOf, queryOf, textOf } from './input.ts';
import { entryOf, pcrOf } from './white-list/digests.ts';
import { mleOf } from './white-list/mle-key.ts';

const queried = (query: string) => Object.fromEntries(Object.entries(queryOf(`/x?${query}`)));

test('a query is read as Java reads it, and trimmed', () => {
  assert.deepEqual({ ...queryOf('/x') }, {});
  assert.deepEqual(queried('mleName=A&B&mleVersion=1=2&oemName=X'), {
    ...{ mleName: 'A', B: '', mleVersion: '1=2', oemName: 'X' },
  });
  assert.deepEqual(queried('mleName=%20a&%20oemName=%20OEM1'), { mleName: 'a', oemName: 'OEM1' });
  assert.deepEqual(queried('a=b+c&d=%2B'), { a: 'b c', d: '+' });
  assert.deepEqual(queried('a=100%&b=%zz&c=%4'), { a: '100%', b: '%zz', c: '%4' });
  assert.deepEqual(queried('a=1&a=2'), { a: '1' }, 'of a name that comes twice the first');
  assert.deepEqual(queried('a=M%C3%BCller'), { a: 'Müller' });
  assert.deepEqual(queried('__proto__=x&constructor=y').constructor, 'y');
});

test('absent, empty, blank and null say nothing; numbers are text', () => {
  const told = { a: null, b: '', c: '  ', d: 12, e: ' x ' };
  for (const name of ['a', 'b', 'c', 'none', 'toString', '__proto__'])
    assert.equal(textOf(told, name), undefined, name);
  assert.equal(textOf(told, 'd'), '12');
  assert.equal(textOf(told, ['a', 'none', 'e']), 'x');
  assert.deepEqual([bodyOf(undefined), bodyOf(null)], [{}, {}]);
  for (const body of ['x', 7, true, [{}]]) assert.throws(() => bodyOf(body), { code: 'oat-as-missing-input' });
  for (const value of [[], {}, true, 'x'.repeat(256), '\ud800'])
    assert.throws(() => textOf({ value }, 'value'), { code: 'oat-system-error' });
});

test('whatever is sent, an MLE is named completely or refused by a name of OpenAttestation', () => {
  const names = ['Name', 'Version', 'OemName', 'OsName', 'OsVersion', 'MLE_Type', 'mleName', 'mleVersion', 'oemName'];
  const told = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.jsonValue(), fc.constant('BIOS')));
  const property = fc.property(told, fc.constantFrom('object' as const, 'query' as const), (given, spelling) => {
    try {
      const mle = mleOf(given, spelling);
      assert.ok(mle.name && mle.version && mle.vendor && mle.vendor.length <= 255);
      assert.equal(mle.type, 'oem' in mle.owner ? 'BIOS' : 'VMM');
    } catch (error) {
      assert.ok(error instanceof AssayError && error.code.startsWith('oat-'), String(error));
    }
  });
  fc.assert(property);
});

test('whatever is sent, a query is read without an error, and what is encoded properly comes out', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void queryOf(`/x?${text}`)));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      assert.equal(queried(`a=${encodeURIComponent(text)}`)['a'], text.trim());
    }),
  );
});

test('an entry has a PCR a TPM has and a digest of a length that says its bank; nothing else enters', () => {
  const hex = fc.stringMatching(/^[0-9a-fA-F]*$/, { maxLength: 130 });
  const property = fc.property(
    fc.oneof(hex, fc.string()),
    fc.oneof(fc.integer().map(String), fc.string()),
    (digest, pcr) => {
      try {
        const entry = entryOf(pcr, digest);
        assert.equal(String(entry.pcr), pcr);
        assert.ok(entry.pcr >= 0 && entry.pcr <= 23);
        assert.equal(entry.value, digest.toLowerCase());
        assert.equal(entry.value.length, { sha1: 40, sha256: 64, sha384: 96 }[entry.bank]);
      } catch (error) {
        assert.equal((error as AssayError).code, 'oat-ws-mle-pcr-not-valid');
      }
    },
  );
  fc.assert(property);
  assert.deepEqual([pcrOf('0'), pcrOf('9'), pcrOf('10'), pcrOf('19'), pcrOf('23')], [0, 9, 10, 19, 23]);
});

test('a name with a control character is refused: logs and terminals would obey it', () => {
  for (const text of ['a\u0000b', 'a\nb', 'a\u001b[2Jb', 'a\u0085b'])
    assert.throws(() => textOf({ Name: text }, 'Name'), { code: 'oat-system-error' }, JSON.stringify(text));
  assert.equal(textOf({ Name: '\ta b\n' }, 'Name'), 'a b');
});
