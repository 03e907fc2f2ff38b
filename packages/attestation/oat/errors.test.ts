// What every client of the OAT API is told when something fails: OpenAttestation's names, its shape, and nothing of what is inside.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { AssayError } from '@assay/core';
import { failureOf } from '@assay/daemon/https';
import { oatClient } from '../testing/oat-client.ts';
import { startTestServer } from '../testing/server.ts';
import { isOat, OatError, renderOat } from './errors.ts';

const told = (error: unknown) => {
  const failure = failureOf(error, 'req-1');
  return { status: failure.status, ...renderOat(failure) };
};

test('bug 19: a refusal is 400 with the name the clients look up, and the text with its values', () => {
  assert.deepEqual(told(new OatError('WS_OS_ASSOCIATION_EXISTS', ['Debian', '%s', '3'])), {
    ...{ status: 400, error_code: 'WS_OS_ASSOCIATION_EXISTS' },
    error_message: "OS 'Debian' of version '%s' cannot be deleted as it is associated with 3 MLEs.",
  });
  assert.deepEqual(told(new OatError('WS_MLE_DATA_MISSING', ["$&$'"])), {
    ...{ status: 400, error_code: 'WS_MLE_DATA_MISSING' },
    error_message: "Required input parameter '$&$'' is either null or empty. ",
  });
  assert.equal(told(new OatError('AS_HOST_EXISTS', ['a'])).status, 400);
  assert.equal(told(new OatError('AS_HOST_NOT_FOUND', ['a'])).status, 400);
});

test('bug 9: of a bug nothing is told but where the log has it', () => {
  const bug = told(new TypeError('secret of /etc/assay at line 7'));
  assert.deepEqual(bug, {
    ...{ status: 500, error_code: 'SYSTEM_ERROR' },
    error_message: 'System error: internal error; the log has it under req-1',
  });
  const stored = told(new AssayError('storage-busy', 'database /var/lib/x.db', 'a turn', 'select secret'));
  assert.doesNotMatch(JSON.stringify(stored), /var|select/);
});

test('paths nobody has, methods a path has not, bodies that are none are told in OpenAttestation’s shape', async (t) => {
  const server = await startTestServer(t);
  const ask = oatClient(server);
  const cases: [request: string, body: string | undefined, status: number, name: string][] = [
    ['GET /WLMService/resources/oems', undefined, 404, 'UNKNOWN_ERROR'],
    ['GET /WLMService', undefined, 404, 'UNKNOWN_ERROR'],
    ['GET /AttestationService/resources/mles', undefined, 404, 'UNKNOWN_ERROR'],
    ['GET /OpenAttestationWebServices/V1.0/oem', undefined, 404, 'UNKNOWN_ERROR'],
    ['PUT /WLMService/resources/mles/manifest', '{}', 405, 'UNKNOWN_ERROR'],
    ['POST /WLMService/resources/oem', '{', 400, 'AS_MISSING_INPUT'],
    ['POST /WLMService/resources/oem', '[]', 400, 'AS_MISSING_INPUT'],
    ['POST /WLMService/resources/oem', '"x"', 400, 'AS_MISSING_INPUT'],
    ['POST /WLMService/resources/oem', '{"__proto__":{}}', 400, 'AS_MISSING_INPUT'],
    ['POST /WLMService/resources/oem', '', 400, 'SYSTEM_ERROR'],
    ['POST /WLMService/resources/oem', `{"Name":"${'x'.repeat(2 << 20)}"}`, 413, 'AS_MISSING_INPUT'],
  ];
  for (const [request, body, status, name] of cases) {
    const answer = await ask(request, body);
    const { error_code, error_message, ...rest } = JSON.parse(answer.body) as Record<string, string>;
    assert.deepEqual([answer.status, answer.media, error_code, rest], [status, 'application/json', name, {}], request);
    assert.doesNotMatch(error_message ?? '', /\.ts|at .*:\d+:\d+|Exception/);
  }
  const form = await ask('POST /WLMService/resources/oem', 'a=b', {
    'content-type': 'application/x-www-form-urlencoded',
  });
  assert.equal(form.status, 415);
  assert.ok(!isOat('/AttestationServices/x') && !isOat('/v1/hosts') && isOat('/WLMService?x'));
});

test('bugs 4, 5 and 12: what a caller could run or choose, and what SAML said, is not offered, and says why', async (t) => {
  const server = await startTestServer(t);
  const ask = oatClient(server);
  const script = '{"name":"x","module":"x","version":"1","url":"/bin/bash -c id"}';
  for (const [request, body, reason] of [
    ['POST /WLMService/resources/analysisTypes', script, /assay policy/],
    ['GET /WLMService/resources/analysisTypes/?name=x', undefined, /assay policy/],
    ['GET /AttestationService/resources/hosts/bulk/trust/saml?hosts=a', undefined, /tickets/],
    ['GET /AttestationService/resources//saml/assertions/host?hostName=a', undefined, /tickets/],
    ['POST /AttestationService/resources/hosts/location', '{}', /asset tags/],
    ['POST /OpenAttestationWebServices/V1.0/PostHosts', '{}', /PollHosts/],
    ['GET /OpenAttestationWebServices/V1.0/Version', undefined, /PollHosts/],
  ] as const) {
    const { status, body: text } = await ask(request, body);
    const { error_code, error_message } = JSON.parse(text) as Record<string, string>;
    assert.deepEqual([status, error_code], [501, 'SYSTEM_ERROR'], request);
    assert.match(error_message ?? '', reason);
  }
  const poll = async (more: object) => {
    const { status, body } = await ask(
      'POST /AttestationService/resources/PollHosts',
      JSON.stringify({ hosts: ['node1'], ...more }),
    );
    const { hosts } = JSON.parse(body) as { hosts: { trust_lvl: string; reason: string }[] };
    return [status, hosts.map(({ trust_lvl, reason }) => [trust_lvl, reason])];
  };
  const plain = await poll({});
  for (const analysisType of ['', 'VALIDATE_PCR', 7, null]) assert.deepEqual(await poll({ analysisType }), plain);
});

test('bytes that nobody encoded are refused by HTTP, and nothing is done', async (t) => {
  const server = await startTestServer(t);
  const ask = oatClient(server);
  await ask('POST /WLMService/resources/oem', '{"Name":"Müller & Söhne"}');
  const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', ca: server.ca });
  const head = ['Host: a', `x-auth-blob: ${server.blob}`, 'Connection: close', '', ''].join('\r\n');
  socket.end(Buffer.from(`DELETE /WLMService/resources/oem?Name=Müller%20%26%20Söhne HTTP/1.1\r\n${head}`));
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await once(socket, 'close');
  assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 400 /);
  const encoded = `Name=${encodeURIComponent('Müller & Söhne')}`;
  assert.deepEqual((await ask(`DELETE /WLMService/resources/oem?${encoded}`)).body, 'true');
});
