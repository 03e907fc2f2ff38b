import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog } from '@assay/daemon';
import { lanes } from './lanes.ts';

const log = createLog('test', 'silent');
const full = new AssayError('storage-full', 'database', 'room', 'none');

test('the jobs of one instance follow each other, those of others do not wait', async () => {
  const { run, idle, waiting } = lanes(log, new AbortController().signal);
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  run('a', 'wait', async () => {
    await gate.promise;
    done.push('a1');
  });
  run('a', 'follow', async () => void done.push('a2'));
  const other = Promise.withResolvers<void>();
  run('b', 'pass', async () => {
    done.push('b');
    other.resolve();
  });
  await other.promise;
  assert.deepEqual(done, ['b']);
  assert.equal(waiting('a'), 1);
  gate.resolve();
  await idle();
  assert.deepEqual(done, ['b', 'a1', 'a2']);
  assert.equal(waiting('a'), 0);
});

test('what the database could not take is tried again until it can, before anything that came later', async () => {
  const { run, idle } = lanes(log, new AbortController().signal, 1);
  const done: string[] = [];
  let failures = 3;
  run('a', 'store', async () => {
    if (failures-- > 0) throw full;
    done.push('stored');
  });
  run('a', 'follow', async () => void done.push('followed'));
  await idle();
  assert.deepEqual(done, ['stored', 'followed']);
});

test('another failure is logged and costs the jobs behind it nothing', async () => {
  const { run, idle } = lanes(log, new AbortController().signal, 1);
  const done: string[] = [];
  run('a', 'fail', async () => {
    throw new Error('a bug');
  });
  run('a', 'follow', async () => void done.push('followed'));
  await idle();
  assert.deepEqual(done, ['followed']);
});

test('when the compute API ends, nothing is tried again and nothing new begins', async () => {
  const ending = new AbortController();
  const { run, idle } = lanes(log, ending.signal, 60_000);
  const done: string[] = [];
  const tried = Promise.withResolvers<void>();
  run('a', 'store', async () => {
    tried.resolve();
    throw full;
  });
  run('a', 'follow', async () => void done.push('followed'));
  await tried.promise;
  ending.abort();
  await idle();
  assert.deepEqual(done, []);
});
