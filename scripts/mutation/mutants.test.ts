import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutantsOf } from './mutants.ts';

const changes = (source: string) => mutantsOf('x.ts', source).map(({ text, instead }) => `${text} → ${instead}`);
const both = (text: string) => [`${text} → (true)`, `${text} → (false)`];

test('a comparison is taken out in two ways, wherever it stands', () => {
  assert.deepEqual(changes('export const f = (a: number, b: number): boolean => a <= b;'), both('a <= b'));
  assert.deepEqual(changes('const x = y as number;\nexport { x };'), []);
});

test('a condition is a decision whatever it is made of, its parts are looked at one by one', () => {
  assert.deepEqual(changes('if (a && !b.c) d();'), [...both('a'), ...both('b.c')]);
  assert.deepEqual(changes('e(f ? 1 : 2);'), both('f'));
  assert.deepEqual(changes('g = h ?? 1; i = j && k;'), []);
});

test('what asks a question is one', () => {
  assert.deepEqual(changes('return_(list.some((one) => one > 1));'), [
    ...both('list.some((one) => one > 1)'),
    ...both('one > 1'),
  ]);
});

test('a change says where it is: in the source as it stands, types and all', () => {
  const source = 'type T = { a: 1 };\nexport const f = <X extends T>(x: X): boolean => x.a === 1;';
  const [first] = mutantsOf('x.ts', source);
  assert.equal(first?.line, 2);
  assert.equal(source.slice(first?.start, first?.end), 'x.a === 1');
});
