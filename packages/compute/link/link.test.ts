import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog, httpsRequest } from '@assay/daemon';
import { type Issued, type TestPki, testPki } from '@assay/daemon/testing';
import { WebSocket } from 'ws';
import { type Caller, type CallerOptions, callLink } from './caller.ts';
import type { FileWish } from './files.ts';
import { type Command, filePath, type Register } from './frames.ts';
import { type Link, type LinkEvents, startLink } from './listener.ts';

const log = createLog('test', 'silent');
let folder: string;
let pki: TestPki;
let files: Issued;
const hosts: Record<string, Issued> = {};
let link: Link;
let callers: Caller[] = [];
let wishes: FileWish[] = [];
let serve: (wish: FileWish) => Promise<{ path: string; size: number }>;

/** Events of the listener, to be awaited one after the other. */
const seen: { name: string; host: string; value?: unknown }[] = [];
let wake: () => unknown = () => undefined;
const saw = (name: string, host: string, value?: unknown) => {
  seen.push({ name, host, value });
  wake();
};
async function event(name: string, host: string): Promise<unknown> {
  for (;;) {
    const at = seen.findIndex((one) => one.name === name && one.host === host);
    if (at >= 0) return seen.splice(at, 1)[0]?.value;
    await new Promise<void>((next) => {
      wake = next;
    });
  }
}
const events: LinkEvents = {
  async registered(host, address, report) {
    saw('registered', host, { address, report });
  },
  heartbeat: (host) => saw('heartbeat', host),
  status: (host, status) => saw('status', host, status),
  gone: (host) => saw('gone', host),
};

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-link-'));
  pki = testPki(folder);
  files = pki.server();
  for (const name of ['node1', 'node2']) hosts[name] = pki.host(name);
});
after(() => rmSync(folder, { recursive: true }));

const start = (port = 0, heartbeatMs = 5_000) =>
  startLink(
    {
      listen: '127.0.0.1',
      port,
      ...files,
      caFile: pki.caFile,
      log,
      heartbeatMs,
      file: async (wish) => {
        wishes.push(wish);
        return serve(wish);
      },
    },
    events,
  );
beforeEach(async (t) => {
  wishes = [];
  seen.length = 0;
  link = await start();
  (t as unknown as { after(f: () => unknown): void }).after(async () => {
    for (const caller of callers) caller.close();
    callers = [];
    await link.close();
  });
});

const running = randomUUID();
const report = (host: string, change: Partial<Register> = {}): Omit<Register, 'type'> => ({
  hypervisor_hostname: host,
  zone: 'nova',
  vcpus: 2,
  memory_mb: 1024,
  local_gb: 10,
  hypervisor_version: 7002022,
  stopping: false,
  instances: [{ id: running, running: true }],
  ...change,
});
const tlsOf = (host: string) => {
  const { cert, key } = hosts[host] as Issued;
  return { ca: pki.ca, cert, key };
};
function call(host: string, change: Partial<CallerOptions> = {}): Caller {
  const caller = callLink({
    url: `https://127.0.0.1:${link.port}`,
    ...tlsOf(host),
    log,
    report: () => report(host),
    carryOut: async () => undefined,
    random: () => 0,
    firstDelayMs: 20,
    ...change,
  });
  callers.push(caller);
  return caller;
}
const code = (code: string) => (error: unknown) => error instanceof AssayError && error.code === code;
const stop = (instance = running) => ({ type: 'stop', instance }) as const;

test('a host registers under the name in its certificate, with what is on it', async () => {
  call('node1');
  const { address, report: got } = (await event('registered', 'node1')) as { address: string; report: Register };
  assert.equal(address, '127.0.0.1');
  assert.deepEqual(got, { type: 'register', ...report('node1') });
  assert.ok(link.connected('node1'));
  assert.deepEqual(link.actual('node1', running), { id: running, running: true });
  assert.ok(!link.connected('node2'));
});

test('a host that registers under another host’s name is turned away', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${link.port}/v1/host`, tlsOf('node1'));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'register', ...report('node2') }));
  const [status, reason] = await once(socket, 'close');
  assert.deepEqual([status, String(reason)], [1008, 'link-host']);
  assert.ok(!link.connected('node1') && !link.connected('node2'));
  assert.equal(seen.length, 0);
});

test('without a client certificate of our CA there is no link and no file', async () => {
  const url = `https://127.0.0.1:${link.port}`;
  const other = mkdtempSync(join(tmpdir(), 'assay-link-'));
  const { cert, key } = testPki(other).host('node1');
  for (const tls of [{}, { cert, key }]) {
    const socket = new WebSocket(`${url.replace('https', 'wss')}/v1/host`, { ca: pki.ca, ...tls });
    const [error] = await once(socket, 'error');
    assert.match(String(error), /certificate|alert|ECONNRESET|socket hang up/i);
    await assert.rejects(httpsRequest({ url: `${url}${filePath(running, 'kernel')}`, ca: pki.ca, ...tls }));
  }
  rmSync(other, { recursive: true });
  assert.equal(wishes.length, 0);
});

test('an order reaches the host and its answer comes back, each with its own', async () => {
  const orders: Command[] = [];
  call('node1', {
    carryOut: async (command) => {
      orders.push(command);
      if (command.type === 'console') return { output: `the last ${command.lines} lines` };
      throw new AssayError('guest-missing', 'instance x', 'a guest', 'none');
    },
  });
  await event('registered', 'node1');
  const [answer] = await Promise.all([
    link.order('node1', { type: 'console', instance: running, lines: 5 }, 5_000),
    assert.rejects(link.order('node1', stop(), 5_000), code('guest-missing')),
  ]);
  assert.equal(answer.output, 'the last 5 lines');
  assert.deepEqual(orders.map(({ type }) => type).sort(), ['console', 'stop']);
});

test('an order to a host that is not there, falls silent, or loses its connection is told apart from one that was refused', async () => {
  await assert.rejects(link.order('node1', stop(), 1_000), code('link-down'));
  const hung = Promise.withResolvers<undefined>();
  const caller = call('node1', { carryOut: () => hung.promise });
  await event('registered', 'node1');
  await assert.rejects(link.order('node1', stop(), 50), code('link-lost'));
  const pending = assert.rejects(link.order('node1', stop(), 60_000), code('link-lost'));
  caller.close();
  await pending;
  await event('gone', 'node1');
  hung.resolve(undefined);
});

test('what an order did is what the host is known to have', async () => {
  call('node1');
  await event('registered', 'node1');
  await link.order('node1', stop(), 5_000);
  assert.deepEqual(link.actual('node1', running), { id: running, running: false, ended_by: 'request' });
  await link.order('node1', { type: 'remove', instance: running }, 5_000);
  assert.equal(link.actual('node1', running), undefined);
});

test('a status between answers is passed on and remembered', async () => {
  const caller = call('node1');
  await event('registered', 'node1');
  await link.order('node1', stop(), 5_000); // the host has seen `registered` by now
  caller.status({ instance: { id: running, running: false, ended_by: 'guest' }, reason: 'guest-shutdown' });
  await event('status', 'node1');
  assert.equal(link.actual('node1', running)?.ended_by, 'guest');
});

test('a host comes back by itself after the compute API was away', async () => {
  call('node1');
  await event('registered', 'node1');
  const { port } = link;
  await link.close();
  link = await start(port);
  await event('registered', 'node1');
  assert.ok(link.connected('node1'));
});

test('a second connection of the same host replaces the first, whose end is then no news', async () => {
  call('node1', { firstDelayMs: 60_000 });
  await event('registered', 'node1');
  call('node1', { report: () => report('node1', { instances: [] }) });
  await event('registered', 'node1');
  await link.order('node1', { type: 'console', instance: running }, 5_000);
  assert.ok(link.connected('node1'));
  assert.equal(link.actual('node1', running), undefined);
  assert.equal(seen.filter(({ name }) => name === 'gone').length, 0);
});

test('T25 a host can name only so many instances, and what it sends faster than it is taken waits on its side', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${link.port}/v1/host`, tlsOf('node1'));
  await once(socket, 'open');
  const many = Array.from({ length: 9_999 }, () => ({ id: randomUUID(), running: true }));
  const gone = once(socket, 'close');
  socket.send(JSON.stringify({ type: 'register', ...report('node1', { instances: many }) }));
  const status = (id: string) => JSON.stringify({ type: 'status', instance: { id, running: true }, reason: '' });
  const last = randomUUID();
  for (let i = 0; i < 300; i++) socket.send(status(last));
  socket.send(status(randomUUID()));
  assert.deepEqual((await gone).map(String), ['1008', 'link-frame']);
  assert.equal(seen.filter(({ name }) => name === 'status').length, 300);
});

test('a frame that is none costs its host the connection, other hosts nothing', async () => {
  call('node2');
  await event('registered', 'node2');
  for (const bad of ['{', '[]', '{"type":"register"}', '{"type":"status"}', Buffer.from([1, 2, 3])]) {
    const socket = new WebSocket(`wss://127.0.0.1:${link.port}/v1/host`, tlsOf('node1'));
    await once(socket, 'open');
    socket.send(bad);
    const [closed] = await once(socket, 'close');
    assert.equal(closed, 1008, String(bad));
  }
  assert.ok(link.connected('node2'));
  assert.ok(!link.connected('node1'));
});

test('a host that falls silent is gone', async () => {
  await link.close();
  link = await start(0, 40);
  const socket = new WebSocket(`wss://127.0.0.1:${link.port}/v1/host`, tlsOf('node1'));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'register', ...report('node1') }));
  await event('registered', 'node1');
  const closed = once(socket, 'close');
  await event('gone', 'node1');
  await closed;
});

test('a host that beats is not gone', async () => {
  await link.close();
  link = await start(0, 40);
  call('node1');
  await event('registered', 'node1');
  for (let beats = 0; beats < 5; beats++) await event('heartbeat', 'node1');
  assert.ok(link.connected('node1'));
});

test('a file is asked for with the name in the certificate and the ticket, and comes whole', async () => {
  const path = join(folder, 'kernel');
  writeFileSync(path, Buffer.alloc(3 << 20, 7));
  serve = async () => ({ path, size: 3 << 20 });
  const url = `https://127.0.0.1:${link.port}${filePath(running, 'kernel')}`;
  const headers = { authorization: 'Bearer a.b.c' };
  const { status, body } = await httpsRequest({ url, headers, ...tlsOf('node1'), maxBytes: 4 << 20 });
  assert.equal(status, 200);
  assert.ok(body.equals(readFileSync(path)));
  assert.deepEqual(wishes, [{ host: 'node1', instance: running, kind: 'kernel', ticket: 'a.b.c' }]);
});

test('a file that is refused, of no instance, or of another kind is not served', async () => {
  serve = async () => {
    throw new AssayError('file-forbidden', 'x', 'a ticket', 'none');
  };
  const base = `https://127.0.0.1:${link.port}`;
  const status = async (path: string) => (await httpsRequest({ url: `${base}${path}`, ...tlsOf('node1') })).status;
  assert.equal(await status(filePath(running, 'kernel')), 403);
  assert.equal(await status(filePath('nothing', 'kernel')), 400);
  assert.equal(await status(`/v1/instances/${running}/files/passwd`), 400);
  assert.equal(await status(`/v1/instances/${running}/files/..%2f..%2fpasswd`), 400);
  assert.equal(wishes.length, 1);
});
