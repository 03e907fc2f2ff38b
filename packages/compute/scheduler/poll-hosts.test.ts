import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { testClock, testPki } from '@assay/daemon/testing';
import type { AttestationAccess } from './options.ts';
import { pollHostsOf } from './poll-hosts.ts';

let folder: string;
let server: Server;
let access: AttestationAccess;
let clock = testClock();
let requests: { url: string | undefined; headers: IncomingMessage['headers']; body: string }[] = [];
let answer: (response: ServerResponse) => void;

const entry = (host_name: string, change: Record<string, unknown> = {}) => ({
  host_name,
  trust_lvl: 'trusted',
  vtime: clock.now().toISOString(),
  expires: new Date(clock.now().getTime() + 90_000).toISOString(),
  age_ms: 1_000,
  ...change,
});
const says = (body: unknown, status = 200) => {
  answer = (response) =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-poll-'));
  const pki = testPki(folder);
  const { cert, key } = pki.server();
  server = createServer({ cert, key }, (request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      requests.push({ url: request.url, headers: request.headers, body });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  access = {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiUrl: '/AttestationService/resources',
    authBlob: 'a secret of this test',
    ca: pki.ca,
  };
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  requests = [];
  clock = testClock();
});

const ask = async (hosts: string[], timeoutS = 60) => (await pollHostsOf(access, timeoutS, clock)(hosts))('node1');

test('one POST asks for all hosts, with the operator’s secret', async () => {
  says({ hosts: [entry('node1'), entry('node2', { trust_lvl: 'untrusted' })] });
  const opinions = await pollHostsOf(access, 60, clock)(['node1', 'node2']);
  assert.equal(opinions('node1').trust, 'trusted');
  assert.equal(opinions('node2').trust, 'untrusted');
  assert.equal(requests.length, 1);
  assert.equal(requests[0]?.url, '/AttestationService/resources/PollHosts');
  assert.equal(requests[0]?.headers['x-auth-blob'], 'a secret of this test');
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), { count: 2, hosts: ['node1', 'node2'] });
});

test('a pool is named in the question, once for all its hosts', async () => {
  says({ hosts: [entry('node1'), entry('node2')] });
  await pollHostsOf(access, 60, clock)(['node1', 'node2'], 'secure');
  assert.deepEqual(
    requests.map(({ body }) => JSON.parse(body)),
    [{ count: 2, hosts: ['node1', 'node2'], pool: 'secure' }],
  );
});

test('evidence of a wanted age is asked for, with the time hosts have for it; older evidence is not used', async () => {
  const young = pollHostsOf({ ...access, maxAgeS: 5 }, 60, clock);
  says({ hosts: [entry('node1', { age_ms: 5_000 }), entry('node2', { age_ms: 5_011 })] });
  const opinions = await young(['node1', 'node2']);
  const { timeThreshold, deadline } = JSON.parse(requests[0]?.body ?? '');
  assert.deepEqual([timeThreshold, deadline], [5_000, 4_000]);
  assert.equal(opinions('node1').trust, 'trusted');
  assert.equal(opinions('node2').trust, undefined);
  assert.match(opinions('node2').reason, /attestation_max_age is 5 s/);
  says({ hosts: [entry('node1', { trust_lvl: 'unknown', expires: clock.now().toISOString(), reason: 'it hangs' })] });
  assert.match((await young(['node1']))('node1').reason, /it hangs/);
  await pollHostsOf({ ...access, maxAgeS: 0 }, 60, clock)(['node1']);
  assert.equal(JSON.parse(requests[2]?.body ?? '').timeThreshold, 0);
});

test('an answer holds until its expiry and not one millisecond longer', async () => {
  says({ hosts: [entry('node1')] });
  const opinions = await pollHostsOf(access, 600, clock)(['node1']);
  clock.pass(89_999);
  assert.equal(opinions('node1').trust, 'trusted');
  clock.pass(1);
  assert.equal(opinions('node1').trust, undefined);
  assert.match(opinions('node1').reason, /expired/);
});

test('a wall clock that is set back does not lengthen an answer’s life', async () => {
  says({ hosts: [entry('node1')] });
  const opinions = await pollHostsOf(access, 600, clock)(['node1']);
  clock.pass(90_000);
  clock.step(-60_000);
  assert.equal(opinions('node1').trust, undefined);
});

test('an answer is used only as long as attestation_auth_timeout allows, counted with the age it came with', async () => {
  says({ hosts: [entry('node1', { age_ms: 20_000 })] });
  const opinions = await pollHostsOf(access, 60, clock)(['node1']);
  clock.pass(40_000);
  assert.equal(opinions('node1').trust, 'trusted');
  clock.pass(1);
  assert.equal(opinions('node1').trust, undefined);
  assert.match(opinions('node1').reason, /attestation_auth_timeout/);
});

test('a host without a verdict, as one that is not in the pool, is told so and not as expired', async () => {
  const unknown = { trust_lvl: 'unknown', expires: clock.now().toISOString() };
  says({ hosts: [entry('node1', unknown)] });
  const opinion = await ask(['node1']);
  assert.equal(opinion.trust, undefined);
  assert.match(opinion.reason, /has no verdict on it that holds$/);
  says({ hosts: [entry('node1', { ...unknown, reason: 'not in\npool dmz' })] });
  assert.match((await ask(['node1'])).reason, /has no verdict on it that holds: not in\\u\{a\}pool dmz$/);
  says({ hosts: [entry('node1', { trust_lvl: 'untrusted', reason: 'firmware: no' })] });
  assert.equal((await ask(['node1'])).reason, 'verified 1 s ago: firmware: no');
  says({ hosts: [entry('node1', { trust_lvl: 'untrusted', reason: `got sha256 ${'ab'.repeat(32)}, in PCR 4` })] });
  assert.equal((await ask(['node1'])).reason, 'verified 1 s ago: got sha256 abababababab…, in PCR 4');
});

test('an answer that is expired or too old when it comes is not used', async () => {
  says({ hosts: [entry('node1', { expires: clock.now().toISOString() })] });
  assert.equal((await ask(['node1'])).trust, undefined);
  says({ hosts: [entry('node1', { age_ms: 60_001 })] });
  assert.equal((await ask(['node1'])).trust, undefined);
});

test('a host that the answer leaves out, or names twice, has no trust', async () => {
  says({ hosts: [entry('node2')] });
  assert.match((await ask(['node1', 'node2'])).reason, /does not name it/);
  says({ hosts: [entry('node1', { trust_lvl: 'untrusted' }), entry('node1')] });
  assert.match((await ask(['node1'])).reason, /more than once/);
  says({ hosts: [entry('NODE1')] });
  assert.equal((await ask(['node1'])).trust, undefined);
});

test('an answer of another shape gives no trust, and the reason names the field', async () => {
  for (const body of [
    '',
    '<html>',
    '[]',
    '{}',
    { hosts: null },
    { hosts: { node1: entry('node1') } },
    { hosts: [entry('node1', { trust_lvl: 'Trusted' })] },
    { hosts: [entry('node1', { expires: undefined })] },
    { hosts: [entry('node1', { expires: 'tomorrow' })] },
    { hosts: [entry('node1', { age_ms: -1 })] },
    { hosts: [entry('node1', { age_ms: '1' })] },
  ]) {
    says(body);
    const { trust, reason } = await ask(['node1']);
    assert.equal(trust, undefined, JSON.stringify(body));
    assert.match(reason, /PollHosts/);
  }
  says({ hosts: [entry('node1', { trust_lvl: 'pending' })] });
  assert.match((await ask(['node1'])).reason, /trust_lvl/);
});

test('any status but 200 gives no trust; 401 says what to look at', async () => {
  for (const status of [201, 204, 302, 404, 500]) {
    says(status === 204 ? '' : { hosts: [entry('node1')] }, status);
    assert.equal((await ask(['node1'])).trust, undefined, String(status));
  }
  says({ error: {} }, 401);
  assert.match((await ask(['node1'])).reason, /attestation_auth_blob/);
});

test('a server that is gone, hangs, or is not the one the CA vouches for gives no trust, with the true reason', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  const refused = await pollHostsOf({ ...access, origin: `https://127.0.0.1:${port}` }, 60, clock)(['node1']);
  assert.equal(refused('node1').reason, `attestation server https://127.0.0.1:${port}: connection refused`);

  says({ hosts: [entry('node1')] });
  const other = mkdtempSync(join(tmpdir(), 'assay-poll-'));
  const { ca } = testPki(other);
  rmSync(other, { recursive: true });
  const stranger = await pollHostsOf({ ...access, ca }, 60, clock)(['node1']);
  assert.equal(stranger('node1').trust, undefined);
  assert.match(stranger('node1').reason, /certificate/);
  assert.equal(requests.length, 0);

  answer = () => undefined;
  const hung = await pollHostsOf(access, 60, clock, 300)(['node1']);
  assert.match(hung('node1').reason, /no answer within 300 ms/);
});

test('tags are told as the server tells them, and only with an answer one may act on', async () => {
  const tags = { country: 'DE' };
  says({ hosts: [entry('a', { tags }), entry('b'), entry('c', { tags, age_ms: 90_000 })] });
  const opinions = await pollHostsOf(access, 60, clock)(['a', 'b', 'c']);
  assert.deepEqual([opinions('a').tags, opinions('b').tags, opinions('c').tags], [tags, undefined, undefined]);
  says({ hosts: [entry('a', { tags: { country: 5 } })] });
  assert.equal((await pollHostsOf(access, 60, clock)(['a']))('a').trust, undefined);
});
