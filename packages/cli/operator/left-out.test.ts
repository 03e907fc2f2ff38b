import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftOutText } from './left-out.ts';

test('what is left out of a folder is told by reason, with a few of each unless all are asked for', () => {
  const leftOut = [
    { path: 'a.deb', why: 'packages' },
    ...['1', '2', '3', '4', '5'].map((path) => ({ path, why: 'others' })),
  ];
  assert.equal(leftOutText(leftOut, false), 'left out, 6 files:\n  others: 1, 2, 3 and 2 more\n  packages: a.deb');
  assert.match(leftOutText(leftOut, true), /others: 1, 2, 3, 4, 5$/m);
});
