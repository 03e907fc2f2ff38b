import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { layout } from '../lab/layout.ts';
import { openCa, serverCertificate } from '../lab/pki.ts';
import { attestationClient } from './attestation-client.ts';
import { hostsOf } from './hosts.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-client-'));
after(() => rmSync(dir, { recursive: true }));
const paths = layout(dir).ca;
const blob = join(dir, 'auth-blob');
writeFileSync(blob, 'a-secret-of-some-length\n');

async function serving(t: TestContext, answer: RequestListener) {
  await serverCertificate(await openCa(paths), paths, 'server');
  const files = { cert: readFileSync(paths.certificateOf('server')), key: readFileSync(paths.keyOf('server')) };
  const server = createServer(files, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server: url, caFile: paths.certificate, authBlobFile: blob };
}

test('the secret goes with the request, and what the server refuses is told in its words', async (t) => {
  const access = await serving(t, (request, response) => {
    assert.equal(request.headers['x-auth-blob'], 'a-secret-of-some-length');
    response.statusCode = 404;
    response.end('{"error":{"code":"host-unknown","message":"node9: expected a registered host"}}');
  });
  await assert.rejects(hostsOf(attestationClient(access, {})).one('node9'), {
    name: 'AssayError',
    code: 'host-unknown',
    message: 'node9: expected a registered host (host-unknown)',
  });
});

test('of a file with two secrets, one of which takes the place of the other, the first is sent', async (t) => {
  const seen: unknown[] = [];
  const access = await serving(t, (request, response) => {
    seen.push(request.headers['x-auth-blob']);
    response.end('{"hosts":[]}');
  });
  const two = join(dir, 'two-secrets');
  writeFileSync(two, 'a-secret-of-some-length\r\nits-successor-of-some-length\n');
  await hostsOf(attestationClient({ ...access, authBlobFile: two }, {})).list();
  assert.deepEqual(seen, ['a-secret-of-some-length']);
});

test('an answer of another shape, or none in JSON, is an error and never a host', async (t) => {
  let body = '{"hosts":[{"name":"node1"}]}';
  const access = await serving(t, (_, response) => response.end(body));
  await assert.rejects(hostsOf(attestationClient(access, {})).list(), { code: 'message-schema' });
  body = '<html>';
  await assert.rejects(hostsOf(attestationClient(access, {})).list(), { code: 'cli-answer' });
});

test('the environment says which server when no option does', async (t) => {
  const { server, caFile, authBlobFile } = await serving(t, (_, response) => response.end('{"hosts":[]}'));
  const environment = { ASSAY_SERVER: server, ASSAY_CA_FILE: caFile, ASSAY_AUTH_BLOB_FILE: authBlobFile };
  assert.deepEqual(await hostsOf(attestationClient({}, environment)).list(), []);
});

test('a missing file or secret is named', () => {
  const server = 'https://127.0.0.1:1';
  assert.throws(() => attestationClient({ server, caFile: '/nonexistent', authBlobFile: blob }, {}), {
    code: 'cli-file',
    where: '/nonexistent',
    got: 'none of this name',
  });
  assert.throws(() => attestationClient({ server }, {}), { code: 'cli-server', where: 'shared secret' });
  for (const wrong of ['nonsense', 'http://127.0.0.1:1', ''])
    assert.throws(() => attestationClient({ server: wrong, authBlobFile: blob }, {}), { code: 'cli-server' });
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  for (const [text, got] of [
    ['a text', 'none'],
    ['', 'none'],
    [broken, 'one that is broken'],
  ] as const) {
    const caFile = join(dir, 'no-ca');
    writeFileSync(caFile, text);
    assert.throws(() => attestationClient({ server, caFile, authBlobFile: blob }, {}), {
      ...{ code: 'cli-file', where: caFile, got },
    });
  }
  const noSecret = join(dir, 'no-secret');
  for (const text of ['', '\n', 'with a blank\n', 'ü'.repeat(16)]) {
    writeFileSync(noSecret, text);
    const options = { server, authBlobFile: noSecret };
    assert.throws(() => attestationClient(options, {}), { code: 'cli-file', where: noSecret });
  }
});
