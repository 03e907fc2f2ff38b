import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, HostEvidence, toBase64 } from '@assay/protocol';
import { startPool } from '../testing/pool.ts';
import { startTestServer } from '../testing/server.ts';

const codeOf = (body: unknown) => (body as { error: { code: string } }).error.code;

test('the last evidence of a host is handed out complete, with the boot log it left out and the key that signed', async (t) => {
  const { server, host, peer, ask } = await startPool(t);
  const { challenge, verdict } = await ask();
  const answer = await host.answer(challenge);
  assert.equal(answer.evidence.event_log, undefined, 'the server has it already');
  peer.send(answer);
  await peer.expect('result');
  await verdict;

  const { status, body } = await server.call('GET', '/v1/hosts/node1/evidence');
  assert.equal(status, 200);
  const { evidence, ...about } = check(HostEvidence, body, 'evidence');
  const { event_log_sha256: _, ...sent } = answer.evidence;
  assert.deepEqual(evidence, { ...sent, event_log: toBase64(host.log) });
  const { ak_public, ek_certificate } = await host.enrolFrame();
  const { received_at: __, ...rest } = about;
  assert.deepEqual(rest, {
    host: 'node1',
    nonce: challenge.nonce,
    ak_name: host.akName,
    ak_public,
    ek_certificate,
  });
});

test('where nothing is stored there is no evidence: of a host that sent none, of one that is not registered', async (t) => {
  const { call } = await startTestServer(t);
  await call('POST', '/v1/hosts', { name: 'node1' });
  for (const [name, status, code] of [
    ['node1', 404, 'evidence-not-found'],
    ['node9', 404, 'host-not-found'],
    ['Node1', 400, 'request-invalid'],
  ] as const) {
    const answer = await call('GET', `/v1/hosts/${name}/evidence`);
    assert.deepEqual([answer.status, codeOf(answer.body)], [status, code], name);
  }
});

test('evidence is told only to who knows the secret', async (t) => {
  const { call } = await startTestServer(t);
  await call('POST', '/v1/hosts', { name: 'node1' });
  const answer = await call('GET', '/v1/hosts/node1/evidence', undefined, { 'x-auth-blob': 'another' });
  assert.equal(answer.status, 401);
});
