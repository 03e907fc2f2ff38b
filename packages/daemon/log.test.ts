import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog } from './log.ts';

function captured(): { lines: Record<string, unknown>[]; out: { write(line: string): void } } {
  const lines: Record<string, unknown>[] = [];
  return { lines, out: { write: (line) => void lines.push(JSON.parse(line)) } };
}

test('each line is JSON with level, time, name and message', () => {
  const { lines, out } = captured();
  createLog('agent', 'info', out).info({ host: 'node1\nnode2' }, 'hello');
  const [line] = lines;
  assert.deepEqual(
    [line?.['level'], line?.['name'], line?.['msg'], line?.['host']],
    ['info', 'agent', 'hello', 'node1\nnode2'],
  );
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT/);
});

test('a foreseen failure is logged as code and line, a bug with its stack', () => {
  const { lines, out } = captured();
  const log = createLog('agent', 'info', out);
  log.error({ err: new AssayError('a-b', 'here', 'this', 'that') }, 'failed');
  log.error({ err: new TypeError('oops') }, 'failed');
  assert.deepEqual(lines[0]?.['err'], { code: 'a-b', message: 'here: expected this, got that' });
  assert.match(String((lines[1] as { err: { stack: string } }).err.stack), /log\.test\.ts/);
});

test('credentials are hidden up to two levels deep', () => {
  const { lines, out } = captured();
  const log = createLog('agent', 'info', out);
  for (const name of ['x-auth-blob', 'x-auth-token', 'authorization', 'x-instance-id-signature']) {
    log.info({ [name]: 'hunter2', headers: { [name]: 'hunter2' }, request: { headers: { [name]: 'hunter2' } } });
  }
  assert.equal(lines.length, 4);
  assert.ok(!JSON.stringify(lines).includes('hunter2'));
});

test('a level that does not exist is refused', () => {
  process.env['ASSAY_LOG_LEVEL'] = 'loud';
  try {
    assert.throws(() => createLog('agent'), { code: 'config-value', where: 'environment ASSAY_LOG_LEVEL' });
  } finally {
    delete process.env['ASSAY_LOG_LEVEL'];
  }
});
