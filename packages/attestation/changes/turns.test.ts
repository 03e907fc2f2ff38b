import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

test('work is done one after the other, in the order it was asked for, and what fails keeps nobody waiting', async () => {
  const turns = createTurns();
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  const all = [
    turns(async () => {
      told.push('first begins');
      await first.promise;
      told.push('first ends');
    }),
    turns(async () => {
      told.push('second');
      throw new Error('second');
    }),
    turns(async () => told.push('third')),
  ];
  await Promise.resolve();
  assert.deepEqual(told, ['first begins']);
  first.resolve();
  const results = await Promise.allSettled(all);
  assert.deepEqual(told, ['first begins', 'first ends', 'second', 'third']);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
