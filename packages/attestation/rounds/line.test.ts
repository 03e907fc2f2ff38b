import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createLog } from '@assay/daemon';
import type { AgentFrame } from '@assay/protocol';
import { WebSocket } from 'ws';
import { connectPeer } from '../testing/peer.ts';
import { startTestServer } from '../testing/server.ts';
import { longestFrame, openLine } from './line.ts';

const hello = (host: string): AgentFrame => ({ type: 'hello', version: 1, host, agent: 'test' });

test('a host that is not registered is refused, and need not try again soon', async (t) => {
  const server = await startTestServer(t);
  const peer = await connectPeer(t, server);
  peer.send(hello('node9'));
  const { code, retry, message } = await peer.expect('refused');
  assert.deepEqual([code, retry], ['enrol-host-unknown', false]);
  assert.match(message, /assay host register node9/);
  await peer.closed;
});

test('a registered host whose key is not known is asked to enrol', async (t) => {
  const server = await startTestServer(t);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  for (const ak_name of [undefined, `000b${'00'.repeat(32)}`]) {
    const peer = await connectPeer(t, server);
    peer.send({ ...hello('node1'), ...(ak_name ? { ak_name } : {}) } as AgentFrame);
    await peer.expect('enrol-wanted');
    // Nobody has proved to be that host, so nothing is said of it.
    assert.equal((await server.host('node1')).connected, false);
  }
});

test('a bad frame costs its sender the connection and nobody else anything', async (t) => {
  const server = await startTestServer(t);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const bystander = await connectPeer(t, server);
  bystander.send(hello('node1'));
  await bystander.expect('enrol-wanted');
  const bad: [string | Uint8Array, string][] = [
    ['', 'message-json'],
    ['{', 'message-json'],
    ['[]', 'message-schema'],
    ['{"type":"hello"}', 'message-schema'],
    ['{"type":"hello","version":2,"host":"node1","agent":"x"}', 'message-schema'],
    ['{"type":"hello","version":1,"host":"Node1","agent":"x"}', 'message-schema'],
    ['{"type":"result"}', 'message-schema'],
    [JSON.stringify({ type: 'activated', secret: 'AAAA' }), 'agent-frame'],
    [new Uint8Array([1, 2, 3]), 'agent-frame'],
    ['['.repeat(50_000), 'message-json'],
  ];
  for (const [frame, expected] of bad) {
    const peer = await connectPeer(t, server);
    peer.send(frame);
    const { code, message } = await peer.expect('refused');
    assert.equal(code, expected, String(frame).slice(0, 80));
    assert.ok(message.length < 1000 && !/[^\x20-\x7e…]/.test(message));
    await peer.closed;
  }
  bystander.send({ type: 'failed', code: 'x', message: 'y' });
  await bystander.expect('refused');
});

test('an agent that does not wait for answers is refused, and what it sent is not handled', async () => {
  const sent: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    readyState: WebSocket.OPEN as number,
    bufferedAmount: 0,
    send: (text: string) => sent.push(JSON.parse(text).code),
    close: () => {
      socket.readyState = WebSocket.CLOSING;
      setImmediate(() => socket.emit('close', 1000));
    },
    terminate: () => undefined,
    ping: () => undefined,
  });
  let handled = 0;
  const ended = new Promise<void>((resolve) => {
    openLine(socket as unknown as WebSocket, { log: createLog('test', 'silent'), peer: 'test' }, () => ({
      known: () => false,
      frame: async () => void handled++,
      ended: async () => resolve(),
    }));
  });
  for (let i = 0; i < 50; i++) socket.emit('message', Buffer.from(JSON.stringify(hello('node1'))), false);
  await ended;
  assert.deepEqual([sent, handled], [['agent-frame-limit'], 0]);
});

test('a frame longer than the longest evidence ends the connection', async (t) => {
  const server = await startTestServer(t);
  const peer = await connectPeer(t, server);
  peer.send(new Uint8Array(longestFrame + 1));
  assert.equal(await peer.closed, 1009);
});

test('T25 who has not enrolled can make the server keep no more than a few frames', async (t) => {
  const server = await startTestServer(t);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const stranger = await connectPeer(t, server);
  stranger.send(hello('node1'));
  await stranger.expect('enrol-wanted');
  stranger.send('x'.repeat(100 * 1024)); // an eightieth of what an enrolled host may send
  assert.equal((await stranger.expect('refused')).code, 'agent-frame-limit');
  // A frame that never ends is counted while it comes.
  const raw = connect({ port: server.server.port, host: '127.0.0.1', ca: server.ca });
  const key = Buffer.alloc(16).toString('base64');
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`;
  raw.write(`GET /v1/agent HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n\r\n`);
  await once(raw, 'data');
  const begin = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x70, 0, 0, 1, 2, 3, 4]); // masked text of 7 MiB
  raw.write(Buffer.concat([begin, Buffer.alloc(100 * 1024)]));
  raw.on('error', () => undefined);
  raw.resume();
  await once(raw, 'close');
});

test('only /v1/agent is a WebSocket, and an upgrade to anything else is refused', async (t) => {
  const server = await startTestServer(t);
  for (const path of ['/', '/v1/agent/', '/v1/hosts', '/v1/agent?x=1']) {
    const socket = new WebSocket(`${server.url.replace('https', 'wss')}${path}`, { ca: server.ca });
    const [error] = await once(socket, 'error');
    assert.match(String(error), /404/);
  }
  const raw = connect({ port: server.server.port, host: '127.0.0.1', ca: server.ca });
  raw.write('GET /v1/agent HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  const [answer] = await once(raw, 'data');
  assert.match(String(answer), /^HTTP\/1.1 4/);
  raw.destroy();
});
