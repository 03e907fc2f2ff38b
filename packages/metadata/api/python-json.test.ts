import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { pythonJson } from './python-json.ts';

test('JSON is written as Python writes it', () => {
  // Numbers beyond integers differ and do not occur; a lone surrogate is no text.
  const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, leaf, tie('list'), tie('record')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    record: fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  }));
  const samples = fc.sample(value, 300);
  const script = 'import json,sys\nfor line in sys.stdin.buffer: print(json.dumps(json.loads(line)))';
  const input = samples.map((one) => JSON.stringify(one)).join('\n');
  const printed = execFileSync('python3', ['-c', script], { input, encoding: 'utf8' });
  assert.deepEqual(samples.map(pythonJson), printed.trimEnd().split('\n'));
});

test('a field that is undefined is not there', () => {
  assert.equal(pythonJson({ a: undefined, b: [1, null] }), '{"b": [1, null]}');
});
