import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connectUnix, createLog } from '@assay/daemon';
import { giveOrder, type Order, serveOrders } from './control.ts';
import { Supervisor } from './supervisor.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-control-'));
const path = join(dir, 'x'.repeat(110), 'supervisor.sock'); // longer than sockaddr_un
const supervisor = new Supervisor(
  ['a', 'b'].map((name) => ({ name, command: ['/bin/sleep', '1000'] as const, cwd: dir })),
  { runDir: join(dir, 'x'.repeat(110)), logDir: join(dir, 'log'), log: createLog('test', 'silent') },
);
let ended = 0;
const close = await serveOrders(path, supervisor, () => ended++);
after(async () => {
  await supervisor.stopAll();
  close();
  rmSync(dir, { recursive: true });
});
const states = async (order: Order) => (await giveOrder(path, order)).map(({ state }) => state);

test('orders are answered when they have been carried out', async () => {
  assert.deepEqual(await states({ order: 'status' }), ['stopped', 'stopped']);
  assert.deepEqual(await states({ order: 'start', units: ['a', 'b'] }), ['ready', 'ready']);
  assert.deepEqual(await states({ order: 'stop', units: ['b'] }), ['ready', 'stopped']);
  const before = supervisor.status()[0]?.pid;
  assert.deepEqual(await states({ order: 'restart', unit: 'a' }), ['ready', 'stopped']);
  assert.notEqual(supervisor.status()[0]?.pid, before);
});

test('a failure comes back with its code and words', async () => {
  await assert.rejects(giveOrder(path, { order: 'start', units: ['z'] }), {
    code: 'lab-unit-unknown',
    message: /a, b/,
  });
  await assert.rejects(giveOrder(path, { order: 'restart', unit: 'b' }), { code: 'lab-unit-stopped' });
  await assert.rejects(giveOrder(path, { order: 'dance' } as never), { code: 'lab-order' });
  await assert.rejects(giveOrder(join(dir, 'none.sock'), { order: 'status' }), { code: 'unix-unreachable' });
});

test('what is no order costs its sender alone', async () => {
  for (const line of ['{', 'null', '[]', '1']) {
    const socket = await connectUnix(path);
    socket.write(`${line}\n`);
    let answer = '';
    for await (const part of socket) answer += part;
    assert.match(answer, /"error"/, line);
  }
  const flood = await connectUnix(path);
  flood.on('error', () => undefined);
  flood.write('x'.repeat(200_000));
  await new Promise((done) => flood.once('close', done));
  assert.equal((await states({ order: 'status' })).length, 2);
});

test('others on this machine cannot give orders', () => {
  assert.equal(statSync(join(dir, 'x'.repeat(110))).mode & 0o077, 0);
});

test('the order to end is answered when everything has ended', async () => {
  assert.deepEqual(await states({ order: 'down' }), ['stopped', 'stopped']);
  assert.equal(ended, 1);
});
