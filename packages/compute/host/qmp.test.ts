import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { connectQmp, type Qmp, type QmpEvent } from './qmp.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-qmp-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'qmp.sock');
let server: Server;
let qmp: Qmp | undefined;
afterEach(async () => {
  qmp?.close();
  qmp = undefined;
  await new Promise((done) => server.close(done));
});

/** Something in QEMU's place; `answer` is called with each line it is sent. */
async function peer(greeting: string | undefined, answer: (line: Record<string, unknown>, socket: Socket) => unknown) {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (greeting !== undefined) socket.write(greeting);
    socket.on('data', (part) => {
      for (const line of part.toString().trim().split('\n')) answer(JSON.parse(line), socket);
    });
  });
  await new Promise<void>((done) => server.listen(path, done));
}
const greeting = `${JSON.stringify({ QMP: { version: {}, capabilities: [] } })}\r\n`;
const agree = ({ execute, id }: Record<string, unknown>, socket: Socket) =>
  execute === 'qmp_capabilities' && socket.write(`${JSON.stringify({ return: {}, id })}\n`);
const lost = { name: 'AssayError', code: 'qmp-lost' };

test('commands get their answers, refusals are told apart, events arrive in between', async () => {
  const events: QmpEvent[] = [];
  await peer(greeting, (line, socket) => {
    agree(line, socket);
    const { execute, id } = line;
    if (execute === 'query-status')
      socket.write(`{"event":"STOP"}\n${JSON.stringify({ return: { status: 'paused' }, id })}\n`);
    if (execute === 'fly') socket.write(`${JSON.stringify({ error: { class: 'CommandNotFound', desc: 'no' }, id })}\n`);
  });
  qmp = await connectQmp(path, (event) => events.push(event));
  const [status] = await Promise.all([
    qmp.execute('query-status'),
    assert.rejects(qmp.execute('fly'), { code: 'qmp-failed' }),
  ]);
  assert.deepEqual(status, { status: 'paused' });
  assert.deepEqual(events, [{ event: 'STOP', data: {} }]);
});

test('silence has an end: no greeting, no answer', async () => {
  await peer(undefined, () => undefined);
  await assert.rejects(
    connectQmp(path, () => undefined, { greetingMs: 30 }),
    lost,
  );
  await new Promise((done) => server.close(done));
  await peer(greeting, agree);
  qmp = await connectQmp(path, () => undefined, { answerMs: 30 });
  await assert.rejects(qmp.execute('query-status'), lost);
});

test('a QEMU that talks nonsense or without end loses its connection and nothing else happens', async () => {
  const nonsense = ['no JSON\n', 'null\n', '[]\n', '"x"\n', '1\n', '{"event":5}\n{\n', Buffer.alloc(3 << 20, 'x')];
  for (const said of nonsense) {
    await peer(greeting, (line, socket) => {
      agree(line, socket);
      if (line['execute'] === 'query-status') socket.write(said);
    });
    qmp = await connectQmp(path, () => undefined, { answerMs: 200 });
    await assert.rejects(qmp.execute('query-status'), lost, String(said).slice(0, 20));
    qmp.close();
    await new Promise((done) => server.close(done));
  }
  await peer(greeting, agree);
});

test('what was asked when the connection broke is answered: nobody knows', async () => {
  await peer(greeting, (line, socket) => (line['execute'] === 'cont' ? socket.destroy() : agree(line, socket)));
  qmp = await connectQmp(path, () => undefined);
  await assert.rejects(qmp.execute('cont'), lost);
  await qmp.closed;
  await assert.rejects(qmp.execute('cont'), lost);
});
