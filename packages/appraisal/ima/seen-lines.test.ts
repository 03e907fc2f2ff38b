// What is remembered of lines, and that it is bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeenLines } from './seen-lines.ts';

test('what came of a line is recalled', () => {
  const seen = new SeenLines<number>();
  seen.remember('a', 1);
  assert.equal(seen.recall('a'), 1);
  assert.equal(seen.recall('b'), undefined);
});

test('what nobody asked for is forgotten when there is more than room for; what is asked for stays', () => {
  const seen = new SeenLines<number>(1000);
  seen.remember('unused', 1);
  seen.remember('used', 2);
  for (let i = 0; i < 100; i++) {
    seen.remember(`line ${i}`, i);
    assert.equal(seen.recall('used'), 2, `${i}`);
  }
  assert.equal(seen.recall('unused'), undefined);
  assert.equal(seen.recall('line 0'), undefined);
  assert.equal(seen.recall('line 99'), 99);
});

test('what is asked for and not known takes no room', () => {
  const seen = new SeenLines<number>(1000);
  seen.remember('kept', 1);
  for (let i = 0; i < 100; i++) assert.equal(seen.recall(`line ${i}`), undefined);
  assert.equal(seen.recall('kept'), 1);
});

test('a very long line is not remembered', () => {
  const seen = new SeenLines<number>();
  seen.remember('x'.repeat(4096), 1);
  seen.remember('x'.repeat(4097), 2);
  assert.deepEqual([seen.recall('x'.repeat(4096)), seen.recall('x'.repeat(4097))], [1, undefined]);
});
