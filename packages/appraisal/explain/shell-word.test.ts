import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { shellWord } from './shell-word.ts';

const nasty = [
  "it's",
  '$(reboot)',
  '`x`',
  'a b',
  '-rf',
  '\\',
  '"',
  'a\nb',
  '\u001b[2J',
  '\u202e',
  '!!',
  '~',
  '#',
  'ä',
  '',
];

test('bash reads any text back as the one word it was, and runs nothing', () => {
  const texts = [
    ...nasty,
    ...fc.sample(fc.string({ unit: 'grapheme', maxLength: 30 }), { numRuns: 300, seed: 5 }),
    ...fc.sample(fc.string({ unit: 'binary', maxLength: 30 }), { numRuns: 300, seed: 6 }),
  ].filter((text) => !text.includes('\0') && text.isWellFormed());
  const script = texts.map((text) => `printf '%s\\0' ${shellWord(text)}`).join('\n');
  const read = execFileSync('bash', ['--norc', '-c', script], { env: { LC_ALL: 'C.UTF-8' } }).toString();
  assert.deepEqual(read.split('\0').slice(0, -1), texts);
});

test('it is on one line, and plain where the text is', () => {
  assert.equal(shellWord('/usr/bin/true'), '/usr/bin/true');
  assert.equal(shellWord("it's"), `'it'\\''s'`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  for (const text of nasty) assert.doesNotMatch(shellWord(text), /[\u0000-\u001f\u202e]/);
});
