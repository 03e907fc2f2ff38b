import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';

const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** Runs a daemon whose `main` is this code, until it prints `ready` when `wait` says so. */
async function daemon(main: string, { wait = true, deadlineMs = 2000 } = {}) {
  const code = `
    import { AssayError } from '@assay/core';
    import { runDaemon } from '@assay/daemon';
    const say = (text) => process.stdout.write(text + '\\n');
    await runDaemon('test', async ({ log, onStop, stopping, stop }) => { ${main} }, { deadlineMs: ${deadlineMs} });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: import.meta.dirname,
    env: { ...process.env, ASSAY_LOG_LEVEL: 'fatal' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let [out, err] = ['', ''];
  child.stderr.on('data', (part) => {
    err += part;
  });
  await new Promise<void>((ready) => {
    child.stdout.on('data', (part) => {
      out += part;
      if (out.includes('ready')) ready();
    });
    if (!wait) ready();
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  return {
    child,
    said: () => out,
    end: async () => ({ code: (await ended)[0], out: out.replace('ready\n', ''), err }),
  };
}
const alive = 'const timer = setInterval(() => {}, 1000); onStop(() => clearInterval(timer));';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} runs the stop functions in reverse, each awaited, and ends with 0`, async () => {
    const { child, end } = await daemon(
      `${alive} onStop(() => say('first')); onStop(async () => { await null; say('second'); }); say('ready');`,
    );
    child.kill(signal);
    assert.deepEqual(await end(), { code: 0, out: 'second\nfirst\n', err: '' });
  });
}

test('a foreseen failure is one line on standard error and exit 1, after what had begun was stopped', async () => {
  const { end } = await daemon(
    `${alive} onStop(() => say('stopped')); throw new AssayError('config-value', 'nova.conf [a] b', 'a port', 'eight');`,
    { wait: false },
  );
  assert.deepEqual(await end(), {
    code: 1,
    out: 'stopped\n',
    err: 'assay: nova.conf [a] b: expected a port, got eight\n',
  });
});

test('a bug is one line without a stack on standard error, its stack is in the log', async () => {
  const { end } = await daemon(`${alive} setImmediate(() => { throw new Error('oops\\nsecond line'); });`, {
    wait: false,
  });
  const { code, out, err } = await end();
  assert.equal(code, 1);
  assert.match(err, /^assay: internal error, a bug of Assay: oops\\u\{a\}second line; the log has the rest\n$/);
  const [line] = out.trim().split('\n');
  assert.match(JSON.parse(line ?? '').err.stack, /at /);
});

test('a rejection nobody awaits ends the process too', async () => {
  const { end } = await daemon(`${alive} void Promise.reject(new AssayError('a-b', 'here', 'this', 'that'));`, {
    wait: false,
  });
  const { code, err } = await end();
  assert.deepEqual([code, err], [1, 'assay: here: expected this, got that\n']);
});

test('a stop function that fails does not keep the others from running, and shows in the exit code', async () => {
  const { child, end } = await daemon(
    `${alive} onStop(() => say('first')); onStop(() => { throw new Error('no'); }); say('ready');`,
  );
  child.kill('SIGTERM');
  const { code, out } = await end();
  assert.deepEqual([code, out], [1, 'first\n']);
});

test('a stop that takes too long is ended by the deadline', async () => {
  const { child, end } = await daemon(`${alive} onStop(() => new Promise(() => {})); say('ready');`, {
    deadlineMs: 100,
  });
  child.kill('SIGTERM');
  assert.equal((await end()).code, 1);
});

test('a second signal ends at once', async () => {
  const { child, end, said } = await daemon(`${alive} onStop(() => new Promise(() => say('waiting'))); say('ready');`, {
    deadlineMs: 60_000,
  });
  child.kill('SIGTERM');
  while (!said().includes('waiting')) await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.kill('SIGTERM');
  assert.equal((await end()).code, 143);
});
