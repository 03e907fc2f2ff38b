import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { insertExample, openStorage } from '@assay/compute/testing';
import { createLog, httpsRequest, loadConfig } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { htmlPage } from '../html-page.ts';
import { signInstanceId } from '../signature.ts';
import { options } from './options.ts';
import { startMetadataApi } from './server.ts';

const secret = 'a secret of enough letters';
const folder = mkdtempSync(join(tmpdir(), 'assay-metadata-'));
after(() => rmSync(folder, { recursive: true }));
const pki = testPki();
const own = pki.issue('server', 'DNS:localhost,IP:127.0.0.1');
const node1 = pki.issue('node1', 'DNS:node1');
const node2 = pki.issue('node2', 'DNS:node2');
const log = createLog('test', 'silent');

const database = `sqlite:${join(folder, 'compute.sqlite')}`;
const db = await openStorage(database);
after(() => db.destroy());
const instance = await insertExample(db, {
  key_name: 'mykey',
  public_key: 'ssh-ed25519 AAAA me',
  user_data: Buffer.from('#!/bin/sh\n').toString('base64'),
});
const move = (host: string) => db.updateTable('instances').set({ host, node: host, vm_state: 'active' }).execute();
await move('node1');

function conf(change: Record<string, Record<string, string>> = {}) {
  const file = join(folder, 'nova.conf');
  const sections: Record<string, Record<string, string>> = {
    DEFAULT: { enabled_ssl_apis: 'metadata', metadata_listen: '127.0.0.1', metadata_listen_port: '0' },
    wsgi: { ssl_cert_file: own.certFile, ssl_key_file: own.keyFile, ssl_ca_file: pki.caFile },
    neutron: { service_metadata_proxy: 'True', metadata_proxy_shared_secret: secret },
    api: {},
    database: { connection: database },
  };
  const text = Object.entries(sections).map(([section, values]) => {
    const all = Object.entries({ ...values, ...change[section] });
    return `[${section}]\n${all.map(([key, value]) => `${key} = ${value}\n`).join('')}`;
  });
  writeFileSync(file, text.join('\n'));
  return loadConfig([file], options);
}

const api = await startMetadataApi(conf(), { log });
after(() => api.close());

const ask = (client: { cert?: Buffer; key?: Buffer }, path = '/openstack/latest/meta_data.json') =>
  httpsRequest({
    url: `https://localhost:${api.port}${path}`,
    headers: {
      'x-instance-id': instance.id,
      'x-tenant-id': instance.project_id,
      'x-instance-id-signature': signInstanceId(secret, instance.id),
    },
    ca: pki.ca,
    cert: client.cert,
    key: client.key,
  });

test('the host an instance is on reads what the compute service wrote of it', async () => {
  const { status, body } = await ask(node1);
  const { hostname, public_keys } = JSON.parse(String(body));
  assert.deepEqual([status, hostname, public_keys], [200, 'web1.novalocal', { mykey: 'ssh-ed25519 AAAA me' }]);
  assert.equal(String((await ask(node1, '/latest/meta-data/local-ipv4')).body), instance.address);
});

test('without a client certificate there is no answer at all', async () => {
  await assert.rejects(ask({}), { code: 'https-tls' });
});

test('a certificate of another CA is no certificate', async () => {
  const stranger = testPki().issue('node1', 'DNS:node1');
  await assert.rejects(ask(stranger), { code: /^https-(tls|unreachable)$/ });
});

test('a certificate that names no host, or two, reads nothing', async () => {
  for (const [name, san] of [
    ['nobody', ''],
    ['both', 'DNS:node1,DNS:node2'],
  ] as const)
    assert.equal((await ask(pki.issue(name, san))).status, 403, name);
});

test('another host’s certificate reads nothing, until the instance is on that host', async () => {
  const refused = await ask(node2);
  assert.deepEqual([refused.status, String(refused.body)], [404, htmlPage(404)]);
  await move('node2');
  assert.equal((await ask(node2)).status, 200);
  assert.equal((await ask(node1)).status, 404);
  await move('node1');
  assert.equal((await ask(node1)).status, 200);
});

test('a certificate that ends while its connection is open ends with it', async () => {
  let now = new Date();
  const brief = await startMetadataApi(conf(), { log, now: () => now });
  after(() => brief.close());
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  const status = async () => {
    const { cert, key } = node1;
    return (await httpsRequest({ url: `https://localhost:${brief.port}/`, ca: pki.ca, cert, key, agent })).status;
  };
  assert.equal(await status(), 200);
  now = new Date(Date.now() + 6 * 24 * 3600_000);
  await assert.rejects(status(), { code: 'https-unreachable' });
});

test('an option that would let metadata out in clear, or to anybody, stops it at start', async () => {
  const refusals: [Record<string, Record<string, string>>, string][] = [
    [{ DEFAULT: { enabled_ssl_apis: '' } }, 'nova.conf [DEFAULT] enabled_ssl_apis'],
    [{ DEFAULT: { enabled_ssl_apis: 'osapi_compute' } }, 'nova.conf [DEFAULT] enabled_ssl_apis'],
    [{ neutron: { service_metadata_proxy: 'False' } }, 'nova.conf [neutron] service_metadata_proxy'],
    [{ neutron: { metadata_proxy_shared_secret: 'short' } }, 'nova.conf [neutron] metadata_proxy_shared_secret'],
    [{ api: { vendordata_jsonfile_path: own.certFile } }, `nova.conf [api] vendordata_jsonfile_path (${own.certFile})`],
  ];
  for (const [change, where] of refusals)
    await assert.rejects(startMetadataApi(conf(change), { log }), { code: 'config-value', where });
  for (const [section, option] of [
    ['wsgi', 'ssl_ca_file'],
    ['neutron', 'metadata_proxy_shared_secret'],
  ] as const)
    assert.throws(() => conf({ [section]: { [option]: '' } }), { code: /^config-/ }, option);
  await assert.rejects(startMetadataApi(conf({ wsgi: { ssl_key_file: node1.keyFile } }), { log }), { code: 'tls-key' });
  await assert.rejects(startMetadataApi(conf({ database: { connection: `sqlite:${folder}/none` } }), { log }), {
    code: /^storage-/,
  });
});

test('a port that is taken is said to be', async () => {
  const taken = conf({ DEFAULT: { metadata_listen_port: String(api.port) } });
  await assert.rejects(startMetadataApi(taken, { log }), { code: 'listen-in-use' });
});
