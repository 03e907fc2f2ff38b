import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { peerAt, query, trusted } from './peer.ts';
import { startOldServer } from './testing/old-server.ts';

const own = 'DNS:localhost,IP:127.0.0.1';
const html = () => ({ status: 200, type: 'Text/HTML; charset=utf-8', body: '<p>' });

test('a certificate that was taken at first sight is the only one from then on', async (t) => {
  const server = await startOldServer(t, html);
  const how = { url: server.url, first: true, oldTls: false, authBlob: 'a-secret' };
  const peer = trusted(await peerAt(how), how);
  t.after(() => peer.close());
  server.changeCertificate(own);
  await assert.rejects(peer.ask('GET', '/'), {
    code: 'oat-tls',
    expected: /SHA-256 ([0-9A-F]{2}:){31}/,
    got: 'another one',
  });
  assert.deepEqual(server.asked, [], 'the secret did not leave');
});

test('where a CA vouches a new certificate is as good, but not under another name', async (t) => {
  const server = await startOldServer(t, html);
  const how = { url: server.url, first: false, oldTls: false, ca: readFileSync(server.caFile, 'utf8') };
  const peer = trusted(await peerAt(how), how);
  t.after(() => peer.close());
  server.changeCertificate(own);
  const { status, type, json, text } = await peer.ask('GET', '/');
  assert.deepEqual([status, type, json, text], [200, 'text/html', undefined, '<p>']);
  server.changeCertificate('DNS:elsewhere.example');
  peer.close(); // no connection is kept
  await assert.rejects(peer.ask('GET', '/'), { code: 'oat-tls' });
  assert.equal(server.asked.length, 1);
});

test('the secret goes to whom it is for, and not where somebody asks as another', async (t) => {
  const server = await startOldServer(t, html);
  const how = { url: server.url, first: true, oldTls: false, authBlob: 'a-secret' };
  const peer = await peerAt(how);
  t.after(() => peer.close());
  await peer.ask('POST', '/', { a: 1 });
  await peer.askAs({})('POST', '/', 'no JSON');
  const [first, second] = server.asked;
  assert.deepEqual([first?.headers['x-auth-blob'], second?.headers['x-auth-blob']], ['a-secret', undefined]);
  assert.deepEqual([first?.body, second?.body], ['{"a":1}', 'no JSON']);
  assert.equal(second?.headers['content-type'], 'application/json');
});

test('an address that is none, and a server that is none, are told apart', async () => {
  const at = (url: string) => peerAt({ url, first: true, oldTls: false });
  for (const url of ['', 'old.example', 'http://old.example:8080', 'ftp://x'])
    await assert.rejects(at(url), { code: 'cli-server', where: '--url' });
  await assert.rejects(at('https://127.0.0.1:1'), { code: 'https-unreachable', got: 'ECONNREFUSED' });
});

test('a query has what is given, encoded', () => {
  assert.equal(query({ mleName: 'a b&c=d#+', oemName: undefined }), '?mleName=a%20b%26c%3Dd%23%2B');
  assert.equal(query({}), '');
});
