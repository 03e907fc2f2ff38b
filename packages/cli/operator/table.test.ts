import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { age, table } from './table.ts';

const rows = [
  ['node1', 'trusted', 'all measurements are known', '2 s'],
  ['node3', 'untrusted', `event 33: expected sha256 ${'28d6'.repeat(16)}, got ${'9f00'.repeat(16)}`, '2 s'],
];
const head = ['name', 'verdict', 'reason', 'age'];

test('piped on, a table has one line for each row and nothing is cut', () => {
  const lines = table(head, rows, { isTTY: false }).split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^NAME {3}VERDICT {4}REASON +AGE$/);
  assert.ok(lines[2]?.includes('9f00'.repeat(16)));
});

test('on a terminal it is no wider than that, and still whole', () => {
  const drawn = stripVTControlCharacters(table(head, rows, { isTTY: true, columns: 80 }));
  for (const line of drawn.split('\n')) assert.ok([...line].length <= 80, line);
  assert.match(drawn, /untrusted/);
});

test('an age is told in the unit that fits it', () => {
  assert.deepEqual([-5, 1499, 119_000, 180_000, 3 * 3600_000, 5 * 86_400_000].map(age), [
    '0 s',
    '1 s',
    '119 s',
    '3 min',
    '3 h',
    '5 d',
  ]);
});
