import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nameFilter } from './name-filter.ts';

test('it means what the same regular expression means', () => {
  const letters = fc.constantFrom('a', 'b', 'A');
  const part = fc.oneof(letters, fc.constant('.'), fc.constant('.*'));
  const pattern = fc
    .tuple(fc.constantFrom('', '^'), fc.array(part, { maxLength: 6 }), fc.constantFrom('', '$'))
    .map(([start, parts, end]) => `${start}${parts.join('')}${end}`);
  fc.assert(
    fc.property(pattern, fc.array(letters, { maxLength: 8 }), (given, name) => {
      assert.equal(nameFilter(given)(name.join('')), new RegExp(given, 'i').test(name.join('')));
    }),
  );
});

test('other characters are themselves, and no pattern takes long', () => {
  assert.equal(nameFilter('web(1)+')('my web(1)+ server'), true);
  assert.equal(nameFilter('web\\.1')('webx1'), false);
  const started = performance.now();
  nameFilter('.*a'.repeat(80))('a'.repeat(250).concat('b'));
  nameFilter(`^${'(a+)+'.repeat(20)}$`)('a'.repeat(250));
  assert.ok(performance.now() - started < 500);
});
