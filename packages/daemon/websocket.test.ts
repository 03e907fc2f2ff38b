import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { createLog } from './log.ts';
import { testPki } from './testing/pki.ts';
import { type CallOptions, type Conversation, keepConnected } from './websocket.ts';

const pki = testPki();
const server = pki.server();

/** A server and who calls it, in order. */
async function peer(t: TestContext, options: { autoPong?: boolean } = {}) {
  const https = createServer({ cert: server.cert, key: server.key });
  const sockets = new WebSocketServer({ server: https, path: '/line', ...options });
  const calls: WebSocket[] = [];
  sockets.on('connection', (socket) => calls.push(socket));
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  t.after(() => {
    for (const client of sockets.clients) client.terminate();
    https.close();
  });
  return {
    url: `https://127.0.0.1:${(https.address() as AddressInfo).port}/line`,
    sockets,
    async call(): Promise<WebSocket> {
      if (calls.length === 0) await once(sockets, 'connection');
      return calls.shift() as WebSocket;
    },
  };
}

/** A caller, and what its log says of the connections that ended. */
function caller(
  t: TestContext,
  url: string,
  conversation: Partial<Conversation<object>>,
  change: Partial<CallOptions<object>> = {},
) {
  const lines = new PassThrough();
  const line = keepConnected<object>({
    url,
    tls: () => ({ ca: pki.ca }),
    conversation: { opened: () => undefined, take: () => undefined, ...conversation },
    maxFrameBytes: 1024,
    log: createLog('test', 'debug', lines),
    firstDelayMs: 4,
    longestDelayMs: 20,
    silenceMs: 60_000,
    random: () => 0,
    ...change,
  });
  t.after(() => line.stop());
  const told: { reason: string; retry_in_ms: number; level: unknown }[] = [];
  lines.on('data', (text) => {
    for (const one of String(text)
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text)))
      if (one.retry_in_ms !== undefined) told.push(one);
    lines.emit('told');
  });
  const ends = async (count: number) => {
    while (told.length < count) await once(lines, 'told');
    return told.splice(0, count);
  };
  return { ends, stop: () => line.stop() };
}

test('frames are dealt with one after the other, in order, and answered', async (t) => {
  const { url, call } = await peer(t);
  let under = 0;
  caller(t, url, {
    opened: (line) => line.send({ hello: 1 }),
    async take(text, line) {
      assert.equal(++under, 1);
      await new Promise(setImmediate);
      under--;
      line.send({ taken: text });
    },
  });
  const socket = await call();
  assert.equal(String((await once(socket, 'message'))[0]), '{"hello":1}');
  const heard: string[] = [];
  const all = new Promise<void>((done) => {
    socket.on('message', (data) => heard.push(JSON.parse(String(data)).taken) === 3 && done());
  });
  for (const text of ['a', 'b', 'c']) socket.send(text);
  await all;
  assert.deepEqual(heard, ['a', 'b', 'c']);
});

test('the pause doubles up to its ceiling, half of it random, and the same reason is told aloud once', async (t) => {
  const { url, sockets, call } = await peer(t);
  sockets.options.path = '/elsewhere';
  const { ends } = caller(t, url, { take: (_text, line) => line.accepted() });
  const failures = await ends(5);
  assert.deepEqual(
    failures.map((one) => one.retry_in_ms),
    [2, 4, 8, 10, 10],
  );
  assert.equal(new Set(failures.slice(1).map((one) => one.level)).size, 1);
  assert.notEqual(failures[0]?.level, failures[1]?.level);

  sockets.options.path = '/line';
  const socket = await call();
  socket.send('accepted');
  socket.close(1001);
  const last = await endOf(ends, /closed the connection \(1001\)/);
  assert.equal(last.retry_in_ms, 2, 'after it was accepted it begins anew');

  const late = caller(t, 'https://127.0.0.1:1/', {}, { random: () => 0.999 });
  assert.equal((await late.ends(1))[0]?.retry_in_ms, 4);
});

async function endOf(ends: (count: number) => Promise<{ reason: string; retry_in_ms: number }[]>, reason: RegExp) {
  for (;;) {
    const [end] = await ends(1);
    if (end && reason.test(end.reason)) return end;
  }
}

test('what only a person can mend is tried again after the longest pause', async (t) => {
  const { url, call } = await peer(t);
  const { ends } = caller(t, url, {
    take(_text, line) {
      line.refused();
      throw new Error('not you');
    },
  });
  (await call()).send('refused');
  const [end] = await ends(1);
  assert.deepEqual([end?.reason, end?.retry_in_ms], ['not you', 10]);
});

test('files that cannot be read are told, and read anew for the next connection', async (t) => {
  const { url, call } = await peer(t);
  let tries = 0;
  const { ends } = caller(
    t,
    url,
    {},
    {
      tls() {
        if (++tries === 1) throw new Error('no such file');
        return { ca: tries === 2 ? Buffer.from('-----BEGIN CERTIFICATE-----\nhalf') : pki.ca };
      },
    },
  );
  assert.equal((await ends(1))[0]?.reason, 'no such file');
  await call();
  assert.equal(tries, 3);
});

test('a server that falls silent, sends bytes, or more than is allowed, loses the line', async (t) => {
  const silent = await peer(t, { autoPong: false });
  const first = caller(t, silent.url, {}, { silenceMs: 20 });
  await endOf(first.ends, /an answer to a ping/);
  await first.stop();

  const { url, call } = await peer(t);
  const second = caller(t, url, {});
  (await call()).send(Buffer.from([1, 2]));
  await endOf(second.ends, /a text frame/);
  (await call()).send('x'.repeat(1025));
  await endOf(second.ends, /payload/i);
});

test('stop ends the line at once and returns when nothing is under way any more', async (t) => {
  const { url, call } = await peer(t);
  const taking = Promise.withResolvers<void>();
  const hold = Promise.withResolvers<void>();
  const order: string[] = [];
  const { stop } = caller(t, url, {
    async take(text) {
      order.push(text);
      taking.resolve();
      await hold.promise;
      order.push('taken');
    },
    ended: () => void order.push('ended'),
  });
  const socket = await call();
  socket.send('first');
  socket.send('second');
  await taking.promise;
  const gone = once(socket, 'close');
  const stopped = stop().then(() => order.push('stopped'));
  await gone;
  assert.deepEqual(order, ['first']);
  hold.resolve();
  await stopped;
  assert.deepEqual(order, ['first', 'taken', 'ended', 'stopped']);
});

test('a line in clear is refused', (t) => {
  for (const url of ['http://127.0.0.1:1/', 'ws://127.0.0.1:1/', 'nowhere'])
    assert.throws(() => caller(t, url, {}), { code: 'config-value', where: url });
});
