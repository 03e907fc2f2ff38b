// Words of a command line, as Linux splits them (lib/cmdline.c, next_arg).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { kernelBytes, kernelWords, plainWords, trimmed, wordPattern, wordText } from './kernel-words.ts';

const words = (line: string) => kernelWords(kernelBytes(line)).kernel.map(wordText);
const init = (line: string) => kernelWords(kernelBytes(line)).init.map(wordText);

test('words end at blanks, and quotes hold blanks together wherever they stand', () => {
  assert.deepEqual(words('root=/dev/sda1  ro\tquiet '), ['root=/dev/sda1', 'ro', 'quiet']);
  assert.deepEqual(words('a="b c" d'), ['a=b c', 'd']);
  assert.deepEqual(words('"a=b c" d'), ['a=b c', 'd']);
  assert.deepEqual(words('a=b" c"d'), ['a=b" c"d']);
  assert.deepEqual(words('"a b" "c'), ['a b', 'c']);
  assert.deepEqual(words('=a=b ='), ['=a=b', '=']);
  for (const word of ['ro"', 'x=y"', 'ro" x=y"'])
    assert.deepEqual(words(word), [word], 'only what begins with one ends with one');
});

test('a backslash escapes no quote, and a single quote quotes nothing', () => {
  assert.deepEqual(words('a="b\\" init=/bin/sh'), ['a=b\\', 'init=/bin/sh']);
  assert.deepEqual(words("a='b init=/bin/sh'"), ["a='b", "init=/bin/sh'"]);
});

test('blanks of ASCII are taken off both ends, and nothing else is', () => {
  const blanks = ' \t\n\v\f\r';
  assert.equal(trimmed(`${blanks}a b${blanks}`), 'a b');
  for (const text of ['\u0008a\u0008', '\u000ea\u000e', '\u00a0a\u00a0', '\ufeffa']) assert.equal(trimmed(text), text);
  assert.deepEqual([trimmed(blanks), trimmed('')], ['', '']);
});

test('a byte 0xa0 in the middle of a character is a blank to the kernel', () => {
  assert.deepEqual(words('x=\u00e0init=/bin/sh'), ['x=\u00c3', 'init=/bin/sh']);
});

test('what stands behind -- is for init', () => {
  assert.deepEqual([words('a -- b'), init('a -- b')], [['a'], ['b']]);
  assert.deepEqual(
    [words('a --b'), words('a "-- b"')],
    [
      ['a', '__b'],
      ['a', '__ b'],
    ],
  );
});

test('-- with a value is a word like others', () => {
  assert.deepEqual([words('a --=x b'), init('a --=x b')], [['a', '__=x', 'b'], []]);
});

test('a name may be written with dashes or underscores', () => {
  assert.equal(wordPattern('module.sig-enforce=*'), 'module.sig_enforce=*');
  assert.deepEqual(words('module.sig-enforce=a-b'), ['module.sig_enforce=a-b']);
});

test('who knows no quotes finds words in them', () => {
  assert.deepEqual(plainWords('a="b nokaslr c" "').map(wordText), ['a=b', 'nokaslr', 'c']);
});

test('a line of words without quotes and blanks is split into them, whatever they are', () => {
  const unit = fc.constantFrom(...'abz09_.,:/='.split(''));
  const word = fc.string({ unit, minLength: 1, maxLength: 12 }).filter((text) => !text.startsWith('='));
  fc.assert(
    fc.property(fc.array(word), (all) => {
      assert.deepEqual(words(all.join(' ')), all);
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => words(line).every((one) => typeof one === 'string')));
});
