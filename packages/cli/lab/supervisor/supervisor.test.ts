import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog } from '@assay/daemon';
import { endProcess, isAlive, readRecords, recordOf } from './process-record.ts';
import { Supervisor } from './supervisor.ts';
import type { UnitPlan } from './unit.ts';
import { limitLogs, tellingLine } from './unit-log.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-supervisor-'));
after(() => rmSync(dir, { recursive: true }));
let count = 0;
const log = createLog('test', 'silent');

/** Runs `work` with a supervisor of these plans and ends all its processes afterwards. */
async function supervising(plans: UnitPlan[], work: (supervisor: Supervisor, runDir: string) => Promise<void>) {
  const base = join(dir, String(count++));
  const supervisor = new Supervisor(plans, { runDir: join(base, 'run'), logDir: join(base, 'log'), log });
  try {
    await work(supervisor, join(base, 'run'));
  } finally {
    await supervisor.stopAll();
    for (const record of readRecords(join(base, 'run'))) await endProcess(record, 0);
  }
}

const sleeper = (name: string, more: Partial<UnitPlan> = {}): UnitPlan => ({
  name,
  command: ['/bin/sleep', '1000'],
  cwd: dir,
  ...more,
});
const pidOf = (supervisor: Supervisor, name: string) => {
  const pid = supervisor.status().find((unit) => unit.name === name)?.pid;
  assert.ok(pid, `${name} runs`);
  return pid;
};
const stateOf = (supervisor: Supervisor, name: string) => supervisor.status().find((unit) => unit.name === name)?.state;
/** Waits for what the supervisor does by itself. */
async function until(condition: () => boolean) {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((done) => setTimeout(done, 10));
  assert.ok(condition());
}

test('a process that was killed is started again, with a new record', async () => {
  await supervising([sleeper('a')], async (supervisor, runDir) => {
    await supervisor.start(['a']);
    const first = pidOf(supervisor, 'a');
    assert.equal(readRecords(runDir)[0]?.pid, first);
    process.kill(first, 'SIGKILL');
    await until(() => stateOf(supervisor, 'a') === 'ready' && pidOf(supervisor, 'a') !== first);
    assert.equal(readRecords(runDir)[0]?.pid, pidOf(supervisor, 'a'));
    assert.equal(supervisor.status()[0]?.restarts, 1);
  });
});

test('units start after what they need and end before it', async () => {
  const order: string[] = [];
  const told = (name: string, more: Partial<UnitPlan> = {}) =>
    sleeper(name, {
      afterStart: async () => void order.push(`+${name}`),
      beforeStop: async () => void order.push(`-${name}`),
      ...more,
    });
  await supervising([told('c', { after: ['b'] }), told('b', { after: ['a'] }), told('a')], async (supervisor) => {
    await supervisor.start(['c']);
    await supervisor.stopAll();
    assert.deepEqual(order, ['+a', '+b', '+c', '-c', '-b', '-a']);
    assert.deepEqual(
      supervisor.status().map((unit) => unit.state),
      ['stopped', 'stopped', 'stopped'],
    );
  });
});

test('when a TPM dies the services of its host end and start again after it, those of other hosts stay', async () => {
  const order: string[] = [];
  const plans = [
    sleeper('tpm', {
      afterStart: async () => void order.push('boot'),
      whenDown: async () => void order.push('down'),
    }),
    sleeper('agent', { partOf: 'tpm', afterStart: async () => void order.push('agent') }),
    sleeper('other'),
  ];
  await supervising(plans, async (supervisor) => {
    await supervisor.start(['agent', 'other']);
    const before = ['tpm', 'agent', 'other'].map((name) => pidOf(supervisor, name));
    process.kill(before[0]!, 'SIGKILL');
    await until(() => order.length === 5);
    await supervisor.start(['agent']);
    const now = ['tpm', 'agent', 'other'].map((name) => pidOf(supervisor, name));
    assert.notEqual(now[0], before[0]);
    assert.notEqual(now[1], before[1]);
    assert.equal(now[2], before[2]);
    assert.deepEqual(order, ['boot', 'agent', 'down', 'boot', 'agent']);
  });
});

test('a restart ends the parts first and returns when all are ready again, what was stopped stays stopped', async () => {
  const order: string[] = [];
  const plans = [
    sleeper('tpm', { beforeStop: async () => void order.push('-tpm') }),
    sleeper('agent', { partOf: 'tpm', beforeStop: async () => void order.push('-agent') }),
    sleeper('host', { partOf: 'tpm' }),
  ];
  await supervising(plans, async (supervisor) => {
    await supervisor.start(['agent', 'host']);
    await supervisor.stop(['host']);
    const agent = pidOf(supervisor, 'agent');
    await supervisor.restart('tpm');
    assert.deepEqual(order, ['-agent', '-tpm']);
    assert.notEqual(pidOf(supervisor, 'agent'), agent);
    assert.equal(stateOf(supervisor, 'host'), 'stopped');
    await supervisor.start(['host']);
    assert.equal(stateOf(supervisor, 'host'), 'ready');
  });
});

test('a unit that cannot start is an error with its own last words, and is still tried', async () => {
  const failing: UnitPlan = {
    name: 'bad',
    command: ['/bin/sh', '-c', 'echo "assay: assay.conf [agent] tpm: expected a TPM, got none"; exit 1'],
    cwd: dir,
    ready: async () => false,
  };
  await supervising([failing], async (supervisor) => {
    await assert.rejects(supervisor.start(['bad']), {
      code: 'lab-unit-failed',
      where: 'bad',
      got: 'exit 1: assay.conf [agent] tpm: expected a TPM, got none',
    });
    assert.ok((supervisor.status()[0]?.failures ?? 0) >= 3);
  });
  const missing: UnitPlan = { name: 'none', command: ['/nonexistent/program'], cwd: dir };
  await supervising([missing], async (supervisor) => {
    await assert.rejects(supervisor.start(['none']), { code: 'lab-unit-failed', where: 'none' });
  });
});

test('a unit that does not get ready in time is ended and tried again', async () => {
  const slow = sleeper('slow', { ready: async () => false, readyTimeoutMs: 50 });
  await supervising([slow], async (supervisor) => {
    await assert.rejects(supervisor.start(['slow']), { code: 'lab-unit-failed' });
  });
});

test('a unit can tell that it is ready, and counts as ready no sooner', async () => {
  const sign = join(dir, 'sign');
  const telling = (name: string, script: string): UnitPlan => ({
    name,
    command: ['/bin/sh', '-c', script],
    cwd: dir,
    ready: 'told',
    readyTimeoutMs: 500,
  });
  const script = `while [ ! -e ${sign} ]; do sleep 0.01; done; echo ready >&$ASSAY_READY_FD; exec sleep 1000`;
  await supervising([telling('a', script), telling('mute', 'exec sleep 1000')], async (supervisor) => {
    const started = supervisor.start(['a']);
    await until(() => stateOf(supervisor, 'a') === 'starting');
    await new Promise((done) => setTimeout(done, 100));
    assert.equal(stateOf(supervisor, 'a'), 'starting');
    writeFileSync(sign, '');
    await started;
    assert.equal(stateOf(supervisor, 'a'), 'ready');
    await assert.rejects(supervisor.start(['mute']), { code: 'lab-unit-failed' });
  });
});

test('a process that ignores TERM is killed', async () => {
  const stubborn: UnitPlan = {
    name: 'stubborn',
    command: ['/bin/sh', '-c', 'trap "" TERM; echo on; while :; do sleep 0.05; done'],
    cwd: dir,
    patienceMs: 100,
  };
  await supervising([stubborn], async (supervisor) => {
    await supervisor.start(['stubborn']);
    const record = recordOf('stubborn', pidOf(supervisor, 'stubborn'), []);
    assert.ok(record);
    await supervisor.stopAll();
    assert.equal(isAlive(record), false);
  });
});

test('units that need an unknown unit are refused', () => {
  assert.throws(() => new Supervisor([sleeper('a', { after: ['z'] })], { runDir: dir, logDir: dir, log }), {
    code: 'lab-unit-unknown',
  });
});

test('a record names one process: a reused pid is another one and is left alone', async () => {
  const child = spawn('/bin/sleep', ['1000']);
  try {
    const record = recordOf('x', child.pid!, ['/bin/sleep']);
    assert.ok(record && isAlive(record));
    const former = { ...record, start_time: '1' };
    assert.equal(isAlive(former), false);
    await endProcess(former, 0);
    assert.equal(isAlive({ ...record, boot_id: 'another' }), false);
    assert.ok(isAlive(record));
    await endProcess(record, 1000);
    assert.equal(isAlive(record), false);
  } finally {
    child.kill('SIGKILL');
  }
});

test('a folder with strange files gives the records among them', () => {
  const odd = mkdtempSync(join(dir, 'odd-'));
  writeFileSync(join(odd, 'a.json'), '{');
  writeFileSync(join(odd, 'b.json'), '{"pid":1,"start_time":"1"}');
  writeFileSync(join(odd, 'c.txt'), 'x');
  assert.deepEqual(readRecords(odd), []);
  assert.deepEqual(readRecords(join(odd, 'nonexistent')), []);
});

test('a log past its limit is cut, and what it held is kept once', () => {
  const logs = mkdtempSync(join(dir, 'logs-'));
  const file = join(logs, 'a.log');
  writeFileSync(file, 'x'.repeat(100));
  limitLogs(logs, 1000);
  assert.equal(existsSync(`${file}.1`), false);
  limitLogs(logs, 10);
  assert.equal(readFileSync(file, 'utf8'), '');
  assert.equal(readFileSync(`${file}.1`, 'utf8').length, 100);
  writeFileSync(file, '{"msg":"started"}\nassay: no TPM\n{"msg":"stopped"}\n');
  assert.equal(tellingLine(logs, 'a'), 'no TPM');
  assert.equal(tellingLine(logs, 'b'), undefined);
});
