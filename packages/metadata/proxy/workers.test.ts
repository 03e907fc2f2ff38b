import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog, loadConfig } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { exchange } from '../testing/exchange.ts';
import { options } from './options.ts';
import type { Guest } from './ports.ts';
import { createWorkers } from './workers.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-workers-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'ports'), { mode: 0o700 });
const pki = testPki();
const [server, node1] = [pki.server(), pki.host('node1')];
const guests = ['00000000', '00000001', '00000002', '00000003'].map(
  (first): Guest => ({
    instance_id: first + randomUUID().slice(8),
    project_id: 'a'.repeat(32),
    address: '169.254.16.1',
    socket: join(folder, `${first}.sock`),
  }),
);
const all = new Map(guests.map((guest) => [guest.instance_id, guest]));

test('guests are spread over the threads, a thread that dies is started again, and limits hold in each', async (t) => {
  const api = createServer(
    { cert: server.cert, key: server.key, ca: pki.ca, requestCert: true, minVersion: 'TLSv1.3' },
    (request, response) => response.end(request.headers['x-instance-id']),
  ).listen(0, '127.0.0.1');
  await once(api, 'listening');
  t.after(() => {
    api.closeAllConnections();
    api.close();
  });
  const conf = join(folder, 'metadata_agent.ini');
  writeFileSync(
    conf,
    `[DEFAULT]\nnova_metadata_host = localhost\nnova_metadata_port = ${(api.address() as AddressInfo).port}
nova_client_cert = ${node1.certFile}\nnova_client_priv_key = ${node1.keyFile}\nauth_ca_cert = ${pki.caFile}
metadata_proxy_shared_secret = a secret of enough letters\n[metadata_rate_limiting]\nburst_query_rate_limit = 5
[assay]\nports_dir = ${join(folder, 'ports')}\n`,
    { mode: 0o600 },
  );
  const lines: Record<string, unknown>[] = [];
  const written = new EventEmitter();
  const log = createLog('test', 'info', {
    write(line) {
      lines.push(JSON.parse(line));
      written.emit('line');
    },
  });
  const doors = createWorkers(2, loadConfig([conf], options), log);
  t.after(() => doors.close());
  doors.set(all);
  await doors.settled();
  assert.equal(doors.threads().length, 2);
  const read = ({ socket = '' }: Guest) => exchange(socket, 'GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  for (const guest of guests) {
    assert.equal((await read(guest)).body, guest.instance_id);
    assert.equal(statSync(guest.socket ?? '').mode & 0o777, 0o666, 'QEMU’s user can connect');
  }
  const [one, other] = guests as [Guest, Guest];
  for (let i = 0; i < 4; i++) assert.equal((await read(one)).status, 200);
  assert.equal((await read(one)).status, 429);

  const opened = () => lines.filter(({ msg }) => msg === 'door open').length;
  assert.equal(opened(), 4);
  await doors.threads()[1]?.terminate();
  assert.equal((await read(one)).status, 429, 'the other thread goes on');
  while (opened() < 6) await once(written, 'line');
  assert.equal((await read(other)).body, other.instance_id);
  assert.ok(lines.some(({ msg }) => msg === 'a worker ended and is started again'));

  doors.set(new Map([[other.instance_id, other]]));
  await doors.settled();
  await assert.rejects(read(one), { code: 'unix-unreachable' });
  assert.equal((await read(other)).status, 200);
});
