import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from './clock.ts';
import { takeLock } from './lock.ts';
import { isAlive, type ProcessId, processOf, signalProcess } from './process.ts';

const { bootId } = systemClock;
const folder = mkdtempSync(join(tmpdir(), 'assay-process-'));
after(() => rmSync(folder, { recursive: true }));
const sleeper = () => spawn('/bin/sleep', ['1000']);
const idOf = (pid: number | undefined) => processOf(pid ?? 0, bootId) as ProcessId;

test('a process is itself until it ends; nobody else is it, and no process of another boot', async () => {
  const child = sleeper();
  const id = idOf(child.pid);
  assert.ok(isAlive(id, bootId));
  assert.ok(!isAlive({ ...id, start_time: `${Number(id.start_time) + 1}` }, bootId), 'a later process with its pid');
  assert.ok(!isAlive(id, 'another boot'));
  const ended = once(child, 'exit');
  signalProcess({ ...id, start_time: '1' }, 'SIGKILL', bootId);
  assert.ok(isAlive(id, bootId), 'whoever has the pid now is left alone');
  signalProcess(id, 'SIGKILL', bootId);
  await ended;
  assert.ok(!isAlive(id, bootId));
  signalProcess(id, 'SIGKILL', bootId);
});

test('a lock is held by a living process alone, and by one', async () => {
  const file = join(folder, 'lock');
  const taken = (holder: ProcessId | Error) => Object.assign(new Error('taken'), { holder });
  const giveBack = takeLock(file, bootId, taken);
  assert.throws(() => takeLock(file, bootId, taken), { holder: idOf(process.pid) });
  giveBack();
  const child = sleeper();
  writeFileSync(file, JSON.stringify(idOf(child.pid)));
  assert.throws(() => takeLock(file, bootId, taken), { holder: idOf(child.pid) });
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  takeLock(file, bootId, taken)();
  writeFileSync(file, '{"pid":'); // by a machine that fell
  takeLock(file, bootId, taken)();
  assert.deepEqual(readdirSync(folder), []);
});
