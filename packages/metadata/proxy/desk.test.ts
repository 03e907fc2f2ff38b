import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog, listenUnix } from '@assay/daemon';
import { htmlPage } from '../html-page.ts';
import { RateLimit } from '../rate-limit.ts';
import { exchange } from '../testing/exchange.ts';
import { createDesk } from './desk.ts';
import type { HttpAnswer } from './http-answer.ts';
import { sessionTokens } from './session-token.ts';
import type { Question } from './upstream.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-door-'));
after(() => rmSync(folder, { recursive: true }));
const guest = { instance_id: randomUUID(), project_id: 'a'.repeat(32), address: '169.254.16.1', socket: '' };
const lines: string[] = [];
const log = createLog('test', 'info', { write: (line) => void lines.push(line) });

type Reply = (question: Question) => Promise<HttpAnswer>;
const answer = (status: number, body = 'ok', headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=UTF-8', ...headers },
  body: Buffer.from(body),
});

/** A door whose metadata API is this function; what was asked of it; how to ask. */
async function door(reply: Reply = async () => answer(200), rate = new RateLimit([])) {
  const asked: Question[] = [];
  const path = join(folder, `${randomUUID()}.sock`);
  const ask = (_: unknown, question: Question) => {
    asked.push(question);
    return reply(question);
  };
  const tokens = sessionTokens('a secret of enough letters');
  const desk = createDesk({ upstream: { ask }, tokens, rate, log });
  const server = desk.door(guest);
  await listenUnix(server, path, { mode: 0o666 });
  after(() => {
    server.close();
    server.closeAllConnections();
    desk.close();
  });
  const send = (line: string, headers = '', body = '') =>
    exchange(path, `${line} HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n${headers}\r\n${body}`);
  return { asked, path, send, tokens };
}

test('of a read the method and the path go on, nothing else', async () => {
  const { asked, send } = await door();
  for (const target of [
    '/openstack/latest/?a=b#c',
    'http://169.254.169.254/openstack/latest/',
    'HTTP://elsewhere/openstack/latest/',
  ])
    assert.equal((await send(`GET ${target}`, 'Content-Length: 3\r\n', 'abc')).status, 200);
  assert.deepEqual(asked, Array(3).fill({ method: 'GET', path: '/openstack/latest/' }));
  const head = await send('HEAD /x');
  assert.deepEqual([head.status, head.body, asked.at(-1)?.method], [200, '', 'HEAD']);
});

test('the socket is one that QEMU’s user can connect to', async () => {
  assert.equal(statSync((await door()).path).mode & 0o777, 0o666);
});

test('a target that is no path is refused', async () => {
  const { asked, send } = await door();
  for (const target of ['*', 'openstack', `/${'a'.repeat(3000)}`])
    assert.equal((await send(`GET ${target}`)).status, 400);
  assert.deepEqual(asked, []);
});

test('only reads, and a password once, are let through', async () => {
  const { asked, send } = await door();
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH']) {
    const got = await send(`${method} /openstack/latest/password`);
    assert.equal(got.status, 405, method);
    assert.match(got.head, /^allow: GET, HEAD$/im);
  }
  assert.equal((await send('POST /openstack/latest/meta_data.json', 'Content-Length: 1\r\n', 'x')).status, 405);
  assert.deepEqual(asked, []);
  assert.equal((await send('POST /openstack/latest/password', 'Content-Length: 3\r\n', 'abc')).status, 200);
  assert.deepEqual(asked, [{ method: 'POST', path: '/openstack/latest/password', body: Buffer.from('abc') }]);
  const large = await send('POST /openstack/latest/password', 'Content-Length: 5000\r\n', 'x'.repeat(5000));
  assert.equal(large.status, 413);
});

test('what is no HTTP, or too long, is refused without a question asked', async () => {
  const { asked, path, send } = await door();
  assert.equal((await exchange(path, 'hello\r\n\r\n')).status, 400);
  assert.equal((await exchange(path, 'GET /\r\nX\x00: y\r\n\r\n')).status, 400);
  assert.equal((await send('GET /', `X: ${'a'.repeat(9000)}\r\n`)).status, 431);
  const both = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n';
  assert.equal((await send('POST /openstack/latest/password', both, '0\r\n\r\n')).status, 400);
  assert.deepEqual(asked, []);
});

test('an answer goes back with its type and is not to be kept', async () => {
  const { send } = await door(async () =>
    answer(404, htmlPage(404), { 'content-type': 'text/html; charset=UTF-8', 'set-cookie': 'a' }),
  );
  const { status, head, body } = await send('GET /x');
  assert.deepEqual([status, body], [404, htmlPage(404)]);
  assert.match(head, /^content-type: text\/html; charset=UTF-8$/im);
  assert.match(head, /^cache-control: no-store$/im);
  assert.doesNotMatch(head, /set-cookie/i);
});

test('a guest learns that the API failed, not how; the log has it once', async () => {
  const failures: [Reply, number][] = [
    [() => Promise.reject(new AssayError('https-unreachable', 'GET https://inside/', 'a server', 'ECONNREFUSED')), 503],
    [() => Promise.reject(new AssayError('https-timeout', 'GET https://inside/', 'an answer', 'none')), 504],
    [() => Promise.reject(new AssayError('https-tls', 'GET https://inside/', 'a server', 'CERT')), 503],
    [() => Promise.reject(new AssayError('https-too-large', 'GET https://inside/', 'less', 'more')), 502],
    [() => Promise.reject(new Error('a bug inside')), 502],
    [async () => answer(302, 'see inside', { location: 'https://inside/' }), 502],
    [async () => answer(500, 'stack inside'), 500],
    [async () => answer(503, 'inside'), 503],
  ];
  for (const [reply, status] of failures) {
    lines.length = 0;
    const { send } = await door(reply);
    const got = [await send('GET /x'), await send('GET /y')];
    for (const { head, body, ...rest } of got) {
      assert.deepEqual([rest.status, body], [status, htmlPage(status)]);
      assert.doesNotMatch(head + body, /inside/);
    }
    assert.equal(lines.filter((line) => line.includes('metadata API did not answer')).length, 1);
  }
});

test('a guest with many questions open is told to wait, and is served when they are answered', async () => {
  const sixteen = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<HttpAnswer>();
  const { asked, path, send } = await door(() => {
    if (asked.length === 16) sixteen.resolve();
    return gate.promise;
  });
  const pipelined = Array(40).fill('GET /x HTTP/1.1\r\nHost: h\r\n\r\n').join('');
  const all = exchange(path, `${pipelined}GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
  await sixteen.promise;
  assert.equal((await send('GET /y')).status, 429);
  assert.equal(asked.length, 16);
  gate.resolve(answer(200));
  const { head, body } = await all;
  assert.equal((head + body).match(/HTTP\/1.1 200/g)?.length, 16);
  assert.equal((await send('GET /y')).status, 200);
});

const ttl = 'X-aws-ec2-metadata-token-ttl-seconds';
test('M06 a session begins with a PUT, its token is shown to the API as valid, any other is refused here', async () => {
  const { asked, send, tokens } = await door();
  const { status, head, body } = await send('PUT /latest/api/token', `${ttl}: 60\r\n`);
  assert.equal(status, 200);
  assert.match(head, /^content-type: text\/plain$/im);
  assert.match(head, /^x-aws-ec2-metadata-token-ttl-seconds: 60$/im);
  for (const name of ['X-aws-ec2-metadata-token', 'X-Metadata-Token']) {
    assert.equal((await send('GET /x', `${name}: ${body}\r\n`)).status, 200);
    assert.deepEqual(asked.pop(), { method: 'GET', path: '/x', token: true });
    const foreign = tokens.give(randomUUID(), 60);
    for (const wrong of ['', 'x', foreign, `${body}\r\n${name}: ${foreign}`, `${body}\r\n${name}: ${body}`])
      assert.equal((await send('GET /x', `${name}: ${wrong}\r\n`)).status, 401, wrong);
  }
  assert.equal((await send('GET /x', `X-aws-ec2-metadata-token: ${body}\r\nX-Metadata-Token: x\r\n`)).status, 401);
  assert.deepEqual(asked, []);
});

test('M06 a request that came through somebody else gets no token', async () => {
  const { send } = await door();
  for (const header of ['X-Forwarded-For: 10.0.0.1', 'x-forwarded-for:', 'Forwarded: for=10.0.0.1', 'Via: 1.1 proxy'])
    assert.equal((await send('PUT /latest/api/token', `${ttl}: 60\r\n${header}\r\n`)).status, 403, header);
});

test('M06 a session of no or another length than a second to six hours is refused', async () => {
  const { send } = await door();
  for (const header of ['', `${ttl}: 0\r\n`, `${ttl}: 21601\r\n`, `${ttl}: x\r\n`, `${ttl}: 60\r\n${ttl}: 61\r\n`])
    assert.equal((await send('PUT /latest/api/token', header)).status, 400, header);
  assert.equal((await send('PUT /latest/api/token', `X-metadata-token-ttl-seconds: 5\r\n`)).status, 200);
  assert.equal((await send('PUT /latest/api/tokens', `${ttl}: 60\r\n`)).status, 405);
});

test('M07 a guest cannot say itself that its token is valid; that one is needed it hears as it is', async () => {
  const { asked, send } = await door(async (question) => answer(question.token ? 200 : 401, htmlPage(401)));
  const got = await send('GET /x', 'X-Assay-Token: valid\r\nX_Assay_Token: valid\r\nX-Assay-Signature: v1\r\n');
  assert.deepEqual([got.status, got.body], [401, htmlPage(401)]);
  assert.deepEqual(asked, [{ method: 'GET', path: '/x' }]);
  const { body } = await send('PUT /latest/api/token', `${ttl}: 60\r\n`);
  assert.equal((await send('GET /x', `X-aws-ec2-metadata-token: ${body}\r\n`)).status, 200);
});

test('a guest that asks too often is told for how long to wait, and costs the API nothing more', async () => {
  const { asked, send } = await door(undefined, new RateLimit([{ queries: 3, seconds: 60 }]));
  for (let i = 0; i < 3; i++) assert.equal((await send('GET /x')).status, 200);
  for (const line of ['GET /x', 'PUT /latest/api/token', 'TRACE /x']) {
    const { status, head } = await send(line, `${ttl}: 60\r\n`);
    assert.equal(status, 429);
    assert.match(head, /^retry-after: 6[0-6]$/im);
  }
  assert.equal(asked.length, 3);
});

test('what the API says of waiting goes on to the guest', async () => {
  const { send } = await door(async () => answer(429, htmlPage(429), { 'retry-after': '7' }));
  const { status, head } = await send('GET /x');
  assert.equal(status, 429);
  assert.match(head, /^retry-after: 7$/im);
});
