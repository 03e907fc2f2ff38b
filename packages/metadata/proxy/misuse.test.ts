import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { connectUnix, createLog, listenUnix } from '@assay/daemon';
import { RateLimit } from '../rate-limit.ts';
import { exchange } from '../testing/exchange.ts';
import { createDesk } from './desk.ts';
import { sessionTokens } from './session-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-misuse-'));
after(() => rmSync(folder, { recursive: true }));
const times = { headMs: 300, requestMs: 400, idleMs: 100, stillMs: 300, lookMs: 25 };
const large = Buffer.alloc(1 << 20, 'x');

/** Two guests' doors at one desk; a question for /large has a large answer. */
async function site(t: TestContext, rate: Pick<RateLimit, 'take'> = new RateLimit([])) {
  const asked = { count: 0 };
  const served: Socket[] = []; // our ends of all connections
  const ask = async (_: unknown, { path }: { path: string }) => {
    asked.count += 1;
    return { status: 200, headers: {}, body: path === '/large' ? large : Buffer.from('ok') };
  };
  const tokens = sessionTokens('a secret of enough letters');
  const desk = createDesk({ upstream: { ask }, tokens, rate, log: createLog('test', 'silent') }, times);
  t.after(() => desk.close());
  const door = async () => {
    const socket = join(folder, `${randomUUID()}.sock`);
    const server = desk.door({
      instance_id: randomUUID(),
      project_id: 'a'.repeat(32),
      address: '169.254.16.1',
      socket,
    });
    server.on('connection', (one) => served.push(one));
    await listenUnix(server, socket);
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    return socket;
  };
  return { asked, served, hostile: await door(), honest: await door() };
}
const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`;
/** Not `once`: that fails with an error of the socket's, which is one of the ways to end. */
const ended = (socket: Socket) => new Promise<void>((done) => (socket.closed ? done() : socket.once('close', done)));

test('a guest that sends byte after byte is cut off, and keeps nobody waiting', async (t) => {
  const { asked, hostile, honest } = await site(t);
  const sockets = await Promise.all(Array.from({ length: 32 }, () => connectUnix(hostile)));
  const slow = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('G');
  }, 20);
  t.after(() => clearInterval(slow));
  for (const socket of sockets) {
    socket.on('error', () => undefined).resume();
    socket.write('GET /x HTTP/1.1\r\nX: ');
  }
  const since = performance.now();
  assert.equal((await exchange(honest, request('/x'))).status, 200);
  assert.ok(performance.now() - since < times.headMs, 'meanwhile');
  await Promise.all(sockets.map(ended));
  assert.equal(asked.count, 1);
});

test('a guest that sends no end of a password’s body is cut off', async (t) => {
  const { asked, hostile } = await site(t);
  const socket = await connectUnix(hostile);
  socket.on('error', () => undefined).resume();
  socket.write('POST /openstack/latest/password HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nx');
  await ended(socket);
  assert.equal(asked.count, 0);
});

test('a guest that does not read its answers is cut off, and keeps nobody waiting', async (t) => {
  const { served, hostile, honest } = await site(t);
  const sockets = await Promise.all(Array.from({ length: 16 }, () => connectUnix(hostile)));
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.write(request('/large'));
  }
  assert.equal((await exchange(honest, request('/large'))).body.length, large.length);
  while (served.length < sockets.length + 1) await new Promise(setImmediate); // accepted, all of them
  await Promise.all(served.map(ended));
  for (const socket of sockets) {
    let size = 0;
    socket.on('data', (bytes: Buffer) => {
      size += bytes.length;
    });
    await ended(socket);
    assert.ok(size < large.length, `it had ${size} bytes of its answer after all`);
  }
});

test('a flood of one guest is refused slowly, and another is served meanwhile', async (t) => {
  const windows = [{ queries: 50, seconds: 60 }];
  const { asked, hostile, honest } = await site(t, new RateLimit(windows));
  let going = true;
  let refused = 0;
  const flood = async () => {
    while (going) {
      const { status } = await exchange(hostile, request('/x')).catch(() => ({ status: 0 }));
      if (status === 429) refused += 1;
    }
  };
  const floods = Array.from({ length: 32 }, flood);
  const since = performance.now();
  let slowest = 0;
  for (let i = 0; i < 20; i++) {
    const begin = performance.now();
    assert.equal((await exchange(honest, request('/x'))).status, 200);
    slowest = Math.max(slowest, performance.now() - begin);
    await new Promise((done) => setTimeout(done, 25));
  }
  const seconds = (performance.now() - since) / 1000;
  going = false;
  await Promise.all(floods);
  assert.equal(asked.count, 50 + 20);
  assert.ok(refused <= 32 * 5 * (seconds + 0.5), `${refused} refusals in ${seconds} s`);
  assert.ok(slowest < 500, `${slowest} ms`);
});

test('a guest that sends requests by the thousand without waiting for answers is shut out for a while', async (t) => {
  let looked = 0;
  const take = () => {
    looked += 1;
    return 60;
  };
  const { hostile } = await site(t, { take });
  const many = Buffer.from('GET /x HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(2000));
  const until = performance.now() + 600;
  const flood = async () => {
    while (performance.now() < until) {
      const socket = await connectUnix(hostile);
      socket.on('error', () => undefined).resume();
      socket.write(many);
      await ended(socket);
    }
  };
  await Promise.all(Array.from({ length: 8 }, flood));
  assert.ok(looked < 10_000, `${looked} requests were looked at`);
});
