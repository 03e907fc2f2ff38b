import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { lockLab } from './lab-lock.ts';
import { layout } from './layout.ts';
import { endLeftovers, livingSupervisor } from './leftovers.ts';
import { endProcess, isAlive, readRecords, recordOf, writeRecord } from './supervisor/process-record.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-leftovers-'));
after(() => rmSync(dir, { recursive: true }));

/** A process of its own that supervises two sleepers and tells when both run. */
const program = (runDir: string, logDir: string) => `
import { Supervisor } from ${JSON.stringify(new URL('./supervisor/supervisor.ts', import.meta.url).href)};
import { createLog } from ${JSON.stringify(import.meta.resolve('@assay/daemon'))};
const sleeper = (name) => ({ name, command: ['/bin/sleep', '1000'], cwd: '/' });
const log = createLog('test', 'silent');
const supervisor = new Supervisor([sleeper('a'), sleeper('b')], { runDir: ${JSON.stringify(runDir)}, logDir: ${JSON.stringify(logDir)}, log });
await supervisor.start(['a', 'b']);
console.log('both run');
setInterval(() => undefined, 1000);
`;

test('what a killed supervisor left is ended, and nothing else', async () => {
  const paths = layout(join(dir, 'killed'));
  const bystander = spawn('/bin/sleep', ['1000']);
  const supervisor = spawn(process.execPath, ['--input-type=module', '-e', program(paths.runDir, paths.logDir)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(createInterface({ input: supervisor.stdout }), 'line');
    const ended = once(supervisor, 'exit');
    supervisor.kill('SIGKILL');
    await ended;
    const records = readRecords(paths.runDir);
    assert.deepEqual(records.map(({ unit }) => unit).sort(), ['a', 'b']);
    assert.ok(records.every(isAlive));
    // A record whose pid now belongs to somebody else.
    writeRecord(paths.runDir, { ...records[0]!, unit: 'c', pid: bystander.pid! });
    assert.deepEqual((await endLeftovers(paths)).sort(), ['a', 'b']);
    assert.ok(!records.some(isAlive));
    assert.ok(recordOf('bystander', bystander.pid!, []));
    assert.deepEqual(readRecords(paths.runDir), []);
  } finally {
    for (const record of readRecords(paths.runDir)) await endProcess(record, 0);
    bystander.kill();
  }
});

test('a supervisor is one that lives', async () => {
  const paths = layout(join(dir, 'living'));
  assert.equal(livingSupervisor(paths), undefined);
  const own = recordOf('supervisor', process.pid, [])!;
  writeRecord(paths.runDir, own);
  assert.equal(livingSupervisor(paths)?.pid, process.pid);
  writeRecord(paths.runDir, { ...own, start_time: '1' });
  assert.equal(livingSupervisor(paths), undefined);
});

test('two starts at a time are one too many, and a dead one does not keep the lock', () => {
  const paths = layout(join(dir, 'locked'));
  const unlock = lockLab(paths);
  assert.throws(() => lockLab(paths), { code: 'lab-busy', got: `process ${process.pid}` });
  unlock();
  lockLab(paths)();
  writeFileSync(paths.lock, JSON.stringify({ ...recordOf('up', process.pid, [])!, start_time: '1' }));
  lockLab(paths)();
  assert.equal(existsSync(paths.lock), false);
});
