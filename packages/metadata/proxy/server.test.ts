import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog, loadConfig } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { options as apiOptions } from '../api/options.ts';
import { startMetadataApi } from '../api/server.ts';
import { exchange } from '../testing/exchange.ts';
import { exampleRecord, recordsOf } from '../testing/records.ts';
import { options } from './options.ts';
import { startMetadataProxy } from './server.ts';

const secret = 'a secret of enough letters';
const folder = mkdtempSync(join(tmpdir(), 'assay-proxy-'));
after(() => rmSync(folder, { recursive: true }));
const ports = join(folder, 'ports');
mkdirSync(ports, { mode: 0o700 });
const pki = testPki();
const [server, node1, node2] = [
  pki.issue('server', 'DNS:localhost,IP:127.0.0.1'),
  pki.issue('node1', 'DNS:node1'),
  pki.issue('node2', 'DNS:node2'),
];
const lines: Record<string, unknown>[] = [];
const written = new EventEmitter();
const log = createLog('test', 'info', {
  write(line) {
    lines.push(JSON.parse(line));
    written.emit('line');
  },
});

const [web1, web2] = [
  exampleRecord({ hostname: 'web1', address: '169.254.16.1' }),
  exampleRecord({ hostname: 'web2', address: '169.254.16.2', projectId: 'c'.repeat(32) }),
];
const records = recordsOf([web1, web2]);

function write(name: string, text: string) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
const startApi = (port = 0) => {
  const conf = write(
    'nova.conf',
    `[DEFAULT]\nenabled_ssl_apis = metadata\nmetadata_listen = 127.0.0.1\nmetadata_listen_port = ${port}
[wsgi]\nssl_cert_file = ${server.certFile}\nssl_key_file = ${server.keyFile}\nssl_ca_file = ${pki.caFile}
[neutron]\nservice_metadata_proxy = True\nmetadata_proxy_shared_secret = ${secret}
[api]\ndhcp_domain =\n[database]\nconnection = sqlite::memory:\n`,
  );
  return startMetadataApi(loadConfig([conf], apiOptions), { log, records });
};
const startProxy = (port: number, { host = node1, ca = pki.caFile, folder: dir = ports, key = secret } = {}) => {
  const conf = write(
    `${randomUUID()}.ini`,
    `[DEFAULT]\nnova_metadata_host = localhost\nnova_metadata_port = ${port}\nnova_metadata_protocol = https
nova_metadata_insecure = False\nnova_client_cert = ${host.certFile}\nnova_client_priv_key = ${host.keyFile}
auth_ca_cert = ${ca}\nmetadata_proxy_shared_secret = ${key}\n[assay]\nports_dir = ${dir}\n`,
  );
  return startMetadataProxy(loadConfig([conf], options), { log });
};
// Deeper than a Unix socket's address has room for.
const socketOf = (id: string, dir = folder) => join(dir, 'a-folder-with-a-long-name'.repeat(4), id, 'metadata.sock');
function plug(instance: typeof web1, dir = ports, socket = socketOf(instance.id)) {
  mkdirSync(join(socket, '..'), { recursive: true });
  const { id, projectId, address } = instance;
  const text = JSON.stringify({ instance_id: id, project_id: projectId, address, socket });
  writeFileSync(join(dir, '.new'), text);
  renameSync(join(dir, '.new'), join(dir, `${id}.json`));
  return socket;
}
const unplug = (instance: typeof web1) => rmSync(join(ports, `${instance.id}.json`));
const read = (socket: string, path: string, headers = '') =>
  exchange(socket, `GET ${path} HTTP/1.1\r\nHost: 169.254.169.254\r\n${headers}Connection: close\r\n\r\n`);
const logged = async (msg: string, instance: string) => {
  while (!lines.some((line) => line['msg'] === msg && line['instance'] === instance)) await once(written, 'line');
};

const api = await startApi();
const sockets = [plug(web1), plug(web2)] as const;
const proxy = await startProxy(api.port);
after(() => proxy.close());
let running = api;
after(() => running.close());

test('two guests on one host get each its own', async () => {
  for (const [socket, instance] of [
    [sockets[0], web1],
    [sockets[1], web2],
  ] as const) {
    const { status, body } = await read(socket, '/openstack/latest/meta_data.json');
    assert.equal(status, 200);
    const { uuid, hostname, project_id } = JSON.parse(body);
    assert.deepEqual([uuid, hostname, project_id], [instance.id, instance.hostname, instance.projectId]);
    assert.equal((await read(socket, '/latest/meta-data/local-ipv4')).body, instance.address);
  }
});

test('M01 M12 a guest that says it is another gets its own, however it spells that', async () => {
  const { id, projectId } = web2;
  const claims = [
    `X-Instance-ID: ${id}\r\nX-Tenant-ID: ${projectId}\r\n`,
    `x-instance-id: ${id}\r\nx-tenant-id: ${projectId}\r\nX-INSTANCE-ID: ${id}\r\nX-TENANT-ID: ${projectId}\r\n`,
    `X_Instance_ID: ${id}\r\nX_Tenant_ID: ${projectId}\r\n`,
    `X-Instance-Id:\t${id}\r\nX-Instance-ID-Signature: ${'0'.repeat(64)}\r\n`,
    `X-Instance-ID: ${web1.id}, ${id}\r\n`,
    `X-Instance-ID:\r\nX-Tenant-ID:\r\nX-Instance-ID-Signature:\r\n`,
    `X-Metadata-Provider: p\r\nX-Metadata-Provider-Signature: s\r\nX-Forwarded-For: ${web2.address}\r\n`,
    `X-Forwarded-For: ${web2.address}, 10.0.0.1\r\nForwarded: for=${web2.address}\r\nX-Real-IP: ${web2.address}\r\n`,
    `X-Forwarded-For: ${web2.address}\r\nX-Forwarded-For: ${web2.address}\r\nx_forwarded_for: ${web2.address}\r\n`,
    'X-Forwarded-For: , ,\r\nX-Forwarded-For: ::ffff:1.2.3.4\r\nX-Forwarded-For: not an address\r\n',
    `X-Assay-Signature: v1 t=1 n=1 s=${'0'.repeat(64)}\r\nX-Assay-Token: valid\r\n`,
    `X-Tenant-ID: ${projectId}\r\nX-Project-ID: ${projectId}\r\nX-Instance-ID-Signature: \xff\r\n`,
    'X-Neutron-Network-ID: n\r\nX-Neutron-Router-ID: r\r\nX-OVN-Network-ID: o\r\n',
    `Connection: X-Instance-ID, X-Tenant-ID\r\nX-Instance-ID: ${id}\r\n`,
    `Transfer-Encoding: chunked\r\nTrailer: X-Instance-ID\r\n`,
  ];
  for (const headers of claims) {
    const body = headers.startsWith('Transfer') ? `0\r\nX-Instance-ID: ${id}\r\n\r\n` : '';
    const got = await exchange(
      sockets[0],
      `GET /openstack/latest/meta_data.json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers}\r\n${body}`,
    );
    assert.equal(got.status, 200, headers);
    assert.equal(JSON.parse(got.body).uuid, web1.id, headers);
  }
});

test('no path leads to another server', async () => {
  for (const path of [
    '//evil.example/openstack',
    '/\\evil.example/',
    'http://evil.example/openstack',
    '/@evil.example',
    '/..//x',
  ]) {
    const { status } = await read(sockets[0], path);
    assert.ok(status === 200 || status === 404, `${path}: ${status}`);
  }
});

test('a guest that starts gets a socket, one that ends loses it', async () => {
  const extra = exampleRecord({ hostname: 'web3' });
  const socket = plug(extra);
  await logged('door open', extra.id);
  assert.equal((await read(socket, '/openstack')).status, 404, 'the API knows no such instance');
  unplug(extra);
  await logged('door closed', extra.id);
  assert.equal(existsSync(socket), false);
  assert.equal((await read(sockets[0], '/openstack')).status, 200);
});

test('a proxy that begins anew takes its sockets over from one that was killed', async () => {
  const dir = mkdtempSync(join(folder, 'again-'));
  const socket = plug(web1, dir, join(dir, 'metadata.sock'));
  const { createServer } = await import('node:net');
  const dead = createServer();
  await new Promise<void>((done) => dead.listen(join(dir, 'dead.sock'), done));
  renameSync(join(dir, 'dead.sock'), socket); // what is left when nobody could clean up
  await new Promise((done) => dead.close(done));
  const again = await startProxy(running.port, { folder: dir });
  after(() => again.close());
  assert.equal((await read(socket, '/openstack')).status, 200);
});

test('a guest is told nothing of why the API cannot be reached, and is served when it is back', async () => {
  await running.close();
  const down = await read(sockets[0], '/openstack');
  assert.equal(down.status, 503);
  assert.doesNotMatch(down.head + down.body, /ECONN|localhost|stack/i);
  running = await startApi(running.port);
  assert.equal((await read(sockets[0], '/openstack')).status, 200);
});

test('a host that is not the instance’s, a wrong secret and a wrong CA get nothing', async () => {
  const cases = [
    [{ host: node2 }, [404]],
    [{ key: 'another secret altogether' }, [403]],
    [{ ca: testPki().caFile }, [503]],
    // TLS 1.3: the refusal of our certificate comes after the handshake, as an alert or as a closed connection.
    [{ host: testPki().issue('node1', 'DNS:node1') }, [503]],
  ] as const;
  for (const [change, expected] of cases) {
    const dir = mkdtempSync(join(folder, 'other-'));
    const socket = plug(web1, dir, join(dir, 'metadata.sock'));
    const other = await startProxy(running.port, { ...change, folder: dir });
    const got = await read(socket, '/openstack/latest/user_data');
    await other.close();
    assert.ok(
      expected.some((status) => status === got.status),
      `${Object.keys(change)}: ${got.status}`,
    );
    assert.doesNotMatch(got.body, /echo hello/);
  }
});

test('a certificate and key that are renewed are shown from then on, half a pair changes nothing', async (t) => {
  const [former, next] = [pki.issue('old', 'DNS:node1'), pki.issue('new', 'DNS:node1', { subject: '/CN=renewed' })];
  const host = { ...former, certFile: join(folder, 'own.pem'), keyFile: join(folder, 'own.key') };
  const put = (file: string, bytes: Buffer) => {
    writeFileSync(`${file}.next`, bytes, { mode: 0o600 });
    renameSync(`${file}.next`, file);
  };
  put(host.certFile, former.cert);
  put(host.keyFile, former.key);
  const dir = mkdtempSync(join(folder, 'renewed-'));
  const socket = plug(web1, dir, join(dir, 'metadata.sock'));
  const other = await startProxy(running.port, { host, folder: dir });
  t.after(() => other.close());
  const told = async (msg: string) => {
    while (!lines.some((line) => line['msg'] === msg)) await once(written, 'line');
  };
  assert.equal((await read(socket, '/openstack')).status, 200);
  put(host.certFile, next.cert);
  await told('certificates that changed cannot be used; the former ones are kept');
  assert.equal((await read(socket, '/openstack')).status, 200);
  put(host.keyFile, next.key);
  await told('certificates read again');
  assert.equal((await read(socket, '/openstack')).status, 200);
});

test('no log line of proxy or API holds the secret, a signature or what a guest read', () => {
  assert.doesNotMatch(JSON.stringify(lines), /enough letters|echo hello|ssh-ed25519|"[0-9a-f]{64}"/);
});
