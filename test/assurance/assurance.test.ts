// Has every attack of the catalogue its test, or its reason? Looks at names alone; `make assurance` runs them.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { catalogue } from './catalogue.ts';
import { idsOf, testFiles, testNames } from './tests.ts';

const root = resolve(import.meta.dirname, '../..');
const ids = Object.keys(catalogue);
const shown = new Set(testFiles(root, ids).flatMap(testNames).flatMap(idsOf));

test('each id has a test or a reason, not both', () => {
  const unanswered = ids.filter((id) => shown.has(id) === (catalogue[id]?.without !== undefined));
  assert.deepEqual(unanswered, []);
});

test('each id a test is named after is in the catalogue', () => {
  assert.deepEqual(
    [...shown].filter((id) => !catalogue[id]),
    [],
  );
});

test('an id stands at the beginning of a name and nowhere else', () => {
  assert.deepEqual(idsOf('L02 L13 an event'), ['L02', 'L13']);
  assert.deepEqual(idsOf('Q05, Q06: an answer'), ['Q05', 'Q06']);
  assert.deepEqual(idsOf('a test like Q05'), []);
  assert.deepEqual(idsOf('L02x'), []);
});
