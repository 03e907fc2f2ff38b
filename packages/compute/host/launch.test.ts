import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { isAlive, systemClock } from '@assay/daemon';
import { complaint, type Launch, launch } from './launch.ts';
import { kill, type ProcessId } from './process.ts';
import { qemuUser } from './qemu-user.ts';

const { bootId } = systemClock;
const root = mkdtempSync(join(tmpdir(), 'assay-launch-')); // 0700: closed to QEMU's user
after(() => rmSync(root, { recursive: true }));
const user = qemuUser(process.getuid?.() === 0 ? 'nobody' : undefined);
let folders = 0;

/** Starts a command in QEMU's place, in a folder whose path no Unix socket can have. */
function begin(script: string, change: Partial<Launch> = {}) {
  const folder = join(root, 'a-name-of-some-length'.repeat(6), `${++folders}`);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const nothing = openSync('/dev/null', 'r');
  const started = launch({
    folder,
    command: ['/bin/sh', '-c', script],
    user,
    kernel: nothing,
    ramdisk: nothing,
    bootId,
    written: async () => undefined,
    mayRun: () => undefined,
    ...change,
  });
  return { folder, started };
}
async function over(process: ProcessId): Promise<void> {
  while (isAlive(process, bootId)) await sleep(5);
}

test('a guest’s process is a session of its own, in its folder, as a user without rights', async () => {
  const { folder, started } = begin('echo started >&6; exec sleep 60');
  const process_ = await started;
  const console_ = join(folder, 'console.log');
  while (statSync(console_).size === 0) await sleep(5);
  const stat = readFileSync(`/proc/${process_.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  assert.equal(Number(stat[3]), process_.pid, 'session');
  assert.equal(readlinkSync(`/proc/${process_.pid}/cwd`), folder);
  const status = readFileSync(`/proc/${process_.pid}/status`, 'latin1');
  if (process.getuid?.() === 0) assert.match(status, /^Uid:(\t65534){4}$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  const environment = readFileSync(`/proc/${process_.pid}/environ`, 'latin1').matchAll(/(?<=^|\0)[^=]+/g);
  assert.deepEqual([...environment].flat().sort(), ['LANG', 'PATH', 'PWD']);
  kill(process_, bootId);
  await over(process_);
});

test('it does not begin before its process is written down', async () => {
  const written: ProcessId[] = [];
  const { folder, started } = begin('echo ran >&6', {
    async written(process) {
      written.push(process);
      await sleep(100); // time to begin, if it could
      assert.equal(statSync(join(folder, 'console.log')).size, 0);
    },
  });
  assert.deepEqual(written, [await started]);
  await over(written[0] as ProcessId);
  assert.equal(readFileSync(join(folder, 'console.log'), 'utf8'), 'ran\n');
});

test('when that fails, or the permission has run out meanwhile, it never begins and no process is left', async () => {
  const expired = new AssayError('ticket-expired', 'a ticket', 'one that is valid', 'a late one');
  const cases: [Partial<Launch>, string][] = [
    [{ written: async () => Promise.reject(new Error('disk full')) }, 'guest-start'],
    [
      {
        mayRun: () => {
          throw expired;
        },
      },
      'ticket-expired',
    ],
  ];
  for (const [change, code] of cases) {
    let process: ProcessId | undefined;
    const { folder, started } = begin('echo ran >&6', {
      ...change,
      async written(one) {
        process = one;
        await change.written?.(one);
      },
    });
    await assert.rejects(started, { name: 'AssayError', code });
    await over(process as unknown as ProcessId);
    assert.equal(statSync(join(folder, 'console.log')).size, 0);
  }
});

test('a program that is not there is a failure with its reason', async () => {
  const { folder, started } = begin('', { command: ['/no/such/qemu'] });
  await over(await started);
  assert.match((await complaint(folder)) ?? '', /no\/such\/qemu/);
  await assert.rejects(begin('', { user: { gid: undefined, prefix: ['/no/such/setpriv'] } }).started, {
    name: 'AssayError',
    code: 'guest-start',
  });
});

test('a guest that writes without end fills no disk, watched or not, and lives on', async () => {
  const { folder, started } = begin('head -c 5000000 /dev/zero >&6; echo still here; exec sleep 60');
  const process_ = await started;
  while (!(await complaint(folder))?.includes('still here')) await sleep(5);
  assert.equal(statSync(join(folder, 'console.log')).size, 2 << 20);
  assert.ok(isAlive(process_, bootId));
  kill(process_, bootId);
  await over(process_);
});

test('of the socket’s making nothing is left but the socket', async () => {
  const { folder, started } = begin('exit 0');
  await over(await started);
  assert.ok(statSync(join(folder, 'qmp.sock')).isSocket());
  assert.equal(statSync(join(folder, 'qmp.sock')).mode & 0o777, 0o600);
  assert.ok(!existsSync(join(folder, 'qmp.sock.next')));
});
