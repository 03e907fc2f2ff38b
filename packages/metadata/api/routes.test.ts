import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '@assay/daemon';
import { createHttpsServer } from '@assay/daemon/https';
import { testPki } from '@assay/daemon/testing';
import { htmlPage } from '../html-page.ts';
import { signInstanceId } from '../signature.ts';
import { exampleRecord, recordsOf } from '../testing/records.ts';
import { metadataRoutes } from './routes.ts';

const secret = 'a secret of enough letters';
const pki = testPki();
const mine = exampleRecord();
const theirs = exampleRecord({ projectId: 'c'.repeat(32) });
const elsewhere = exampleRecord({ host: 'node2', node: 'node2' });
const starting = exampleRecord({ vmState: 'building', node: undefined });
const instances = [mine, theirs, elsewhere, starting];

const lines: string[] = [];
const server = createHttpsServer({
  ...pki.issue('server', 'DNS:localhost'),
  caFile: pki.caFile,
  clientCertificate: 'required',
  log: createLog('test', 'info', { write: (line) => void lines.push(line) }),
});
metadataRoutes(server, {
  records: recordsOf(instances),
  secret,
  dhcpDomain: '',
  vendorData: {},
  peerOf: () => 'node1', // there is no TLS here; server.test.ts has it
});

const headersFor = (instance = mine) => ({
  'x-instance-id': instance.id,
  'x-instance-id-signature': signInstanceId(secret, instance.id),
  'x-tenant-id': instance.projectId,
});
const ask = (url: string, headers: Record<string, string> = headersFor()) => server.inject({ url, headers });

test('a signed request of the host the instance is on is answered', async () => {
  const got = await ask('/openstack/latest/meta_data.json');
  assert.equal(got.statusCode, 200);
  assert.equal(got.headers['content-type'], 'application/json');
  assert.equal(got.headers['cache-control'], 'no-store');
  assert.equal(got.json().uuid, mine.id);
});

test('every path leads where it leads in Nova', async () => {
  const bodies: [string, string][] = [
    ['/openstack/../latest//user-data/?x', '#!/bin/sh\necho hello\n'],
    ['/ec2/latest/meta-data/instance-type', 'm1.tiny'],
    ['/latest/meta-data/instance-type', 'm1.tiny'],
    ['/openstack/2012-08-10/', 'meta_data.json\nuser_data'],
  ];
  for (const [path, body] of bodies) assert.equal((await ask(path)).body, body, path);
  assert.match((await ask('/openstack')).body, /^2012-08-10\n.*latest$/s);
});

test('the list of EC2 versions needs no signature, everything else does', async () => {
  for (const path of ['/', '/ec2', '//', '/latest/..']) {
    const got = await ask(path, {});
    assert.equal(got.statusCode, 200, path);
    assert.match(got.body, /^1\.0\n.*latest$/s, path);
  }
  for (const path of ['/openstack', '/latest', '/nothing', '/openstack/latest/user_data'])
    assert.equal((await ask(path, {})).statusCode, 400, path);
});

test('a missing header is named, in Nova’s order', async () => {
  const { 'x-instance-id': id, 'x-instance-id-signature': signature, 'x-tenant-id': tenant } = headersFor();
  const refusals: [Record<string, string>, string][] = [
    [{}, 'X-Instance-ID'],
    [{ 'x-instance-id-signature': signature, 'x-tenant-id': tenant }, 'X-Instance-ID'],
    [{ 'x-instance-id': id }, 'X-Instance-ID-Signature'],
    [{ 'x-instance-id': id, 'x-instance-id-signature': signature }, 'X-Tenant-ID'],
  ];
  for (const [headers, name] of refusals) {
    const got = await ask('/openstack', headers);
    assert.equal(got.statusCode, 400);
    assert.equal(got.headers['content-type'], 'text/html; charset=UTF-8');
    assert.ok(got.body.includes(`  ${name} header is missing from request.<br />`), got.body);
  }
});

test('a signature that is not right is refused, whatever is wrong with it', async () => {
  const right = signInstanceId(secret, mine.id);
  for (const signature of [
    '',
    right.toUpperCase(),
    `${right}, ${right}`,
    signInstanceId('x', mine.id),
    'é'.repeat(64),
  ]) {
    const got = await ask('/openstack', { ...headersFor(), 'x-instance-id-signature': signature });
    assert.equal(got.statusCode, 403, signature);
    assert.ok(got.body.includes('Invalid proxy request signature.'));
  }
  assert.ok(!lines.some((line) => line.includes(right)), 'no signature is logged');
});

test('unknown, not yours, not here and not permitted yet are answered alike', async () => {
  const refused = [
    await ask('/openstack', headersFor(exampleRecord())),
    await ask('/openstack', { ...headersFor(), 'x-tenant-id': theirs.projectId }),
    await ask('/openstack', headersFor(elsewhere)),
    await ask('/openstack', headersFor(starting)),
    await ask('/openstack', {
      ...headersFor(),
      'x-instance-id': 'x',
      'x-instance-id-signature': signInstanceId(secret, 'x'),
    }),
    await ask('/openstack/latest/nothing'),
  ];
  for (const got of refused) assert.deepEqual([got.statusCode, got.body], [404, htmlPage(404)]);
});

test('what an instance is now decides, with every request', async () => {
  const moving = exampleRecord({ vmState: 'building' });
  instances.push(moving);
  const status = async () => (await ask('/openstack', headersFor(moving))).statusCode;
  assert.equal(await status(), 200);
  instances[instances.length - 1] = { ...moving, host: 'node2', node: undefined };
  assert.equal(await status(), 404);
  instances[instances.length - 1] = { ...moving, vmState: 'active' };
  assert.equal(await status(), 200);
  instances.pop();
  assert.equal(await status(), 404);
});

test('only reads are allowed', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'] as const) {
    const got = await server.inject({ method, url: '/openstack/latest/meta_data.json', headers: headersFor() });
    assert.equal(got.statusCode, 405, method);
    assert.equal(got.headers.allow, 'GET, HEAD');
  }
  const head = await server.inject({ method: 'HEAD', url: '/openstack/latest/user_data', headers: headersFor() });
  assert.deepEqual([head.statusCode, head.body, head.headers['content-length']], [200, '', '21']);
});

test('each read leaves a line of who read what, and nothing of what it said', async () => {
  lines.length = 0;
  await ask('/openstack/latest/user_data/');
  const [line] = lines.map((one) => JSON.parse(one)).filter(({ msg }) => msg === 'metadata read');
  const { instance, project, host, path, status } = line;
  assert.deepEqual(
    { instance, project, host, path, status },
    { instance: mine.id, project: mine.projectId, host: 'node1', path: '/openstack/latest/user_data', status: 200 },
  );
  assert.ok(!lines.join('').includes('echo hello'));
});
