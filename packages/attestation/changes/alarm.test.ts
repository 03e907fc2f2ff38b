import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLog } from '@assay/daemon';
import { createHttpsServer, listen } from '@assay/daemon/https';
import { testPki } from '@assay/daemon/testing';
import { createAlarm } from './alarm.ts';

const pki = testPki();
const { certFile, keyFile } = pki.server();
const log = createLog('test', 'silent');
const alert = {
  event: 'brake-engaged',
  text: 'three of ten',
  at: '2026-11-23T10:00:00.000Z',
  hosts: ['node1', 'node2'],
};

/** Somebody who is called, and answers with these statuses in turn, the last one for ever. */
async function pager(t: TestContext, ...statuses: number[]) {
  const got: unknown[] = [];
  let enough = Promise.withResolvers<void>();
  const server = createHttpsServer({ certFile, keyFile, clientCertificate: 'none', log });
  server.post('/page', async (request, reply) => {
    got.push(request.body);
    enough.resolve();
    enough = Promise.withResolvers<void>();
    return reply.code(statuses[Math.min(got.length, statuses.length) - 1] ?? 200).send('');
  });
  const { port, close } = await listen(server, { host: '127.0.0.1', port: 0 });
  t.after(close);
  return { got, url: `https://127.0.0.1:${port}/page`, next: () => enough.promise };
}

test('an alert is posted as JSON', async (t) => {
  const { got, url, next } = await pager(t, 204);
  const alarm = createAlarm({ url, caFile: pki.caFile }, log, []);
  const called = next();
  alarm.raise(alert);
  await called;
  await alarm.close();
  assert.deepEqual(got, [{ ...alert, host_count: 2 }]);
});

test('who does not take it is called again, and not after taking it', async (t) => {
  const { got, url, next } = await pager(t, 500, 404, 200);
  const alarm = createAlarm({ url, caFile: pki.caFile }, log, [1, 1, 1, 1]);
  for (const call of [1, 2, 3]) {
    const called = next();
    if (call === 1) alarm.raise(alert);
    await called;
  }
  await alarm.close();
  assert.equal(got.length, 3);
});

test('a fleet is counted, not listed to the last host', async (t) => {
  const { got, url, next } = await pager(t, 200);
  const alarm = createAlarm({ url, caFile: pki.caFile }, log, []);
  const called = next();
  alarm.raise({ ...alert, hosts: Array.from({ length: 5000 }, (_, i) => `node${i}`) });
  await called;
  await alarm.close();
  const [body] = got as { hosts: string[]; host_count: number }[];
  assert.deepEqual([body?.hosts.length, body?.host_count], [100, 5000]);
});

test('a server that nobody vouches for is not told', async (t) => {
  const { got, url } = await pager(t, 200);
  const errors: string[] = [];
  const heard = Promise.withResolvers<void>();
  const listening = Object.assign(Object.create(log), {
    error: (_: unknown, text: string) => {
      errors.push(text);
      if (/nobody could be called/.test(text)) heard.resolve();
    },
  });
  const alarm = createAlarm({ url, caFile: undefined }, listening, [1]);
  alarm.raise(alert);
  await heard.promise;
  await alarm.close();
  assert.deepEqual(got, []);
  assert.equal(errors[0], 'three of ten', 'the log has it in any case');
});

test('closing waits for nobody who does not answer', async (t) => {
  const { url, next } = await pager(t, 500);
  const alarm = createAlarm({ url, caFile: pki.caFile }, log, [3_600_000]);
  const called = next();
  alarm.raise(alert);
  await called;
  await alarm.close();
});

test('only https will do', () => {
  for (const url of ['http://127.0.0.1/page', 'pager', ''])
    assert.throws(() => createAlarm({ url, caFile: undefined }, log), { code: 'config-value' });
  createAlarm({ url: undefined, caFile: undefined }, log).raise(alert);
});
