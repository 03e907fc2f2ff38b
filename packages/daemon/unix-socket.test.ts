import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connectUnix, listenUnix } from './unix-socket.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-unix-'));
const deep = join(folder, 'a'.repeat(120), 'b'.repeat(120));
mkdirSync(deep, { recursive: true });
after(() => rmSync(folder, { recursive: true }));

const echo = () => createServer((socket) => socket.pipe(socket));
async function said(path: string): Promise<string> {
  const socket = await connectUnix(path);
  socket.end('hello');
  const [answer] = await once(socket, 'data');
  await once(socket, 'close');
  return String(answer);
}
const closed = async (server: Server) => {
  server.close();
  await once(server, 'close');
};
const openFiles = () => readdirSync('/proc/self/fd').length;

for (const path of [join(folder, 'short.sock'), join(deep, 'long.sock')]) {
  test(`a socket with a path of ${path.length > 107 ? 'more' : 'fewer'} than 107 bytes is listened on and reached, by this user alone`, async () => {
    const before = openFiles();
    const server = echo();
    await listenUnix(server, path);
    assert.equal(await said(path), 'hello');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await closed(server);
    assert.equal(existsSync(path), false);
    assert.equal(openFiles(), before);
  });
}

test('a socket that another process answers on is in use', async () => {
  const path = join(deep, 'used.sock');
  const server = echo();
  await listenUnix(server, path);
  await assert.rejects(listenUnix(echo(), path), { code: 'listen-in-use', where: path });
  assert.equal(await said(path), 'hello');
  await closed(server);
});

test('a socket left behind by a process that was killed is replaced', async () => {
  const path = join(folder, 'dead.sock');
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.ok(existsSync(path));
  const server = echo();
  await listenUnix(server, path);
  assert.equal(await said(path), 'hello');
  await closed(server);
});

test('nobody there is unix-unreachable, no folder is listen-address', async () => {
  await assert.rejects(connectUnix(join(deep, 'none.sock')), { code: 'unix-unreachable', got: 'ENOENT' });
  await assert.rejects(connectUnix(join(folder, 'c'.repeat(200), 'none.sock')), { code: 'unix-unreachable' });
  await assert.rejects(listenUnix(echo(), join(folder, 'none', 'a.sock')), { code: /^listen-/ });
});
