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

test('on a terminal nothing is cut, however long a word is', () => {
  const drawn = stripVTControlCharacters(table(head, rows, { isTTY: true, columns: 60 }));
  for (const line of drawn.split('\n')) assert.ok([...line].length <= 60, line);
  const reason = drawn.split('\n').map((line) => line.split('│')[3] ?? '');
  assert.ok(
    reason
      .join('')
      .replaceAll(' ', '')
      .includes(`${'28d6'.repeat(16)},got${'9f00'.repeat(16)}`.slice(0, 80)),
    drawn,
  );
  assert.doesNotMatch(drawn, /…/);
});

test('a narrow terminal goes without what may go, and says so; a wide one and a pipe have all', () => {
  const wide = ['name', 'state', 'source'];
  const lines = [['node1', 'current', 'package linux-image-6.1.0-32-amd64_6.1.129-1_amd64.deb']];
  const drawn = (columns: number) =>
    stripVTControlCharacters(table(wide, lines, { isTTY: true, columns }, ['source', 'state']));
  assert.match(drawn(40), /NAME +│ STATE +│[\s\S]*\na wider terminal, or a pipe, has source as well$/);
  assert.doesNotMatch(drawn(40), /SOURCE|package/);
  assert.match(drawn(60), /SOURCE[\s\S]*╯?$/, 'it gives way before it goes');
  assert.doesNotMatch(drawn(60), /as well/);
  assert.match(table(wide, lines, { isTTY: false }, ['source']), /package/);
});

test('a table has as many rows as it takes, piped on, and no row looks at all others', () => {
  const many = Array.from({ length: 200_000 }, (_, i) => [`node${i}`, 'trusted']);
  const lines = table(['name', 'verdict'], many, { isTTY: false }).split('\n');
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [200_001, 'NAME        VERDICT', 'node199999  trusted']);
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
