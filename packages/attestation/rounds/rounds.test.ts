import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import type { PollHostsAnswer, Ticket } from '@assay/protocol';
import { startTestHost } from '../testing/host.ts';
import { connectPeer } from '../testing/peer.ts';
import { learn, startPool } from '../testing/pool.ts';
import { startTestServer } from '../testing/server.ts';

const codeOf = (body: unknown) => (body as { error: { code: string } }).error.code;
const instance_id = '7f0f5a5e-0f3e-4a57-9c6d-3f3e0c9f6a11';

test('a golden host is unknown until something is known good, and trusted right after it was learnt', async (t) => {
  const host = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: host.cas });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  const challenge = await host.greet(peer, 'node1');
  assert.equal(Buffer.from(challenge.nonce, 'base64').length, 32);
  peer.send(await host.answer(challenge));
  assert.equal((await peer.expect('result')).trust, 'unknown');

  const learnt = await learn(server, peer, host);
  assert.deepEqual(
    learnt.added.map(({ component }) => component),
    ['firmware', 'boot_loader', 'hypervisor', 'operating_system'],
  );
  const { verdict, connected, ak_name, age_ms } = await server.host('node1');
  assert.deepEqual([verdict.trust, connected, ak_name], ['trusted', true, host.akName]);
  assert.equal(verdict.software_tpm, true);
  assert.equal(verdict.components.length, 4);
  assert.ok(age_ms < 10_000);
  const poll = await server.call('POST', '/AttestationService/resources/PollHosts', { hosts: ['node1'] });
  assert.equal((poll.body as PollHostsAnswer).hosts[0]?.trust_lvl, 'trusted');
});

test('a host tampered with while it runs is untrusted at the next round, and gets no ticket', async (t) => {
  const { server, host, peer, verdict } = await startPool(t);
  const first = server.call('POST', '/v1/tickets', { instance_id, host: 'node1' });
  peer.send(await host.answer(await peer.expect('challenge')));
  assert.equal((await first).status, 200);
  assert.ok(Date.parse(((await first).body as Ticket).expires_at) <= Date.now() + 30_000);
  await peer.expect('result');

  await host.tpm.pcrExtend(8, { sha256: new Uint8Array(32).fill(0x66) });
  const second = server.call('POST', '/v1/tickets', { instance_id, host: 'node1' });
  peer.send(await host.answer(await peer.expect('challenge')));
  const refused = await second;
  assert.deepEqual([refused.status, codeOf(refused.body)], [409, 'ticket-refused']);
  assert.equal((await verdict()).trust, 'untrusted');
});

test('Q05 the same evidence sent again is refused and changes nothing', async (t) => {
  const { host, peer, ask, verdict } = await startPool(t);
  const { challenge, verdict: asked } = await ask();
  const answer = await host.answer(challenge);
  peer.send(answer);
  assert.equal((await asked).trust, 'trusted');
  await peer.expect('result');
  peer.send(answer);
  assert.equal((await peer.expect('refused')).code, 'challenge-unknown');
  await peer.closed;
  assert.equal((await verdict()).trust, 'trusted');
});

test('Q05 evidence for an earlier challenge does not answer a later one', async (t) => {
  const { host, peer, ask } = await startPool(t);
  const first = await ask();
  const old = await host.evidence(first.challenge);
  peer.send({ type: 'evidence', challenge: first.challenge.challenge, evidence: old });
  await peer.expect('result');
  const second = await ask();
  peer.send({ type: 'evidence', challenge: second.challenge.challenge, evidence: old });
  assert.equal((await second.verdict).trust, 'untrusted');
});

test('who asks while a challenge is under way waits for the next, and shares it with others who wait', async (t) => {
  const { server, host, peer, ask } = await startPool(t);
  const first = await ask();
  const waiting = [1, 2, 3].map(() => server.call('POST', '/v1/hosts/node1/attest'));
  // Their requests are there once a later one was answered.
  await server.call('GET', '/v1/health');
  await host.tpm.pcrExtend(8, { sha256: new Uint8Array(32).fill(0x66) });
  const before = await host.answer(first.challenge);
  peer.send(before);
  await first.verdict;
  await peer.expect('result');
  const second = await peer.expect('challenge');
  assert.notEqual(second.nonce, first.challenge.nonce);
  peer.send(await host.answer(second));
  await Promise.all(waiting);
  await peer.expect('result');
  const third = await ask(); // nothing else was under way
  peer.send(await host.answer(third.challenge));
  await third.verdict;
});

test('a connection lost during a round leaves the host unknown, and the next round heals it', async (t) => {
  const { server, host, peer, ask, verdict, round } = await startPool(t);
  const { verdict: asked } = await ask();
  peer.cut();
  const { trust, findings } = await asked;
  assert.deepEqual([trust, findings[0]?.code], ['unknown', 'round-interrupted']);
  const again = await connectPeer(t, server);
  again.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: host.akName });
  assert.equal((await round(again)).trust, 'trusted');
  assert.equal((await verdict()).trust, 'trusted');
});

test('a connection lost between rounds leaves the verdict to its expiry', async (t) => {
  const clock = testClock(new Date().toISOString());
  const { server, peer, verdict } = await startPool(t, { clock, attestation_period: 30, verdict_lifetime: 90 });
  peer.cut();
  while ((await server.host('node1')).connected); // its end reaches the server
  assert.equal((await verdict()).trust, 'trusted');
  clock.pass(90_000);
  const { trust, findings } = await verdict();
  assert.deepEqual([trust, findings[0]?.code], ['unknown', 'verdict-expired']);
});

test('a host that does not answer in time is unknown; its late answer is no offence', async (t) => {
  const { host, peer, ask } = await startPool(t, { challenge_timeout: 1 });
  const { challenge, verdict } = await ask();
  const { trust, findings } = await verdict;
  assert.deepEqual([trust, findings[0]?.code], ['unknown', 'no-answer']);
  await peer.expect('result');
  const { challenge: second, verdict: healed } = await ask();
  peer.send(await host.answer(challenge));
  peer.send(await host.answer(second));
  assert.equal((await healed).trust, 'trusted');
});

test('an answer that lay waiting while this server was stopped is not taken for a fresh one', async (t) => {
  const clock = testClock(new Date().toISOString());
  const { host, peer, ask } = await startPool(t, { clock });
  const { challenge, verdict } = await ask();
  const answer = await host.answer(challenge);
  clock.pass(10_001); // no timer fires: as after SIGSTOP, with the answer in the socket
  peer.send(answer);
  const { trust, findings } = await verdict;
  assert.deepEqual([trust, findings[0]?.code], ['unknown', 'no-answer']);
});

test('a connected host is asked again every period', async (t) => {
  const { round, peer } = await startPool(t, { attestation_period: 1, verdict_lifetime: 60 });
  for (let times = 0; times < 2; times++) assert.equal((await round(peer)).trust, 'trusted');
});

test('a host whose TPM fails is unknown, with what the agent said', async (t) => {
  const { peer, ask } = await startPool(t);
  const { challenge, verdict } = await ask();
  peer.send({ type: 'failed', challenge: challenge.challenge, code: 'tpm-rc-lockout', message: 'locked\u001b[31m' });
  const { trust, findings } = await verdict;
  assert.deepEqual([trust, findings[0]?.code], ['unknown', 'agent-failed']);
  assert.match(findings[0]?.message ?? '', /tpm-rc-lockout/);
});

test('E18 who only knows a host’s name and key cannot push it away', async (t) => {
  const { server, host, verdict } = await startPool(t);
  const hello = { type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: host.akName } as const;
  const silent = await connectPeer(t, server);
  silent.send(hello);
  await silent.expect('challenge');
  silent.cut();
  const liar = await connectPeer(t, server);
  liar.send(hello);
  const challenge = await liar.expect('challenge');
  const evidence = await host.evidence(challenge, { nonce: new Uint8Array(32) });
  liar.send({ type: 'evidence', challenge: challenge.challenge, evidence });
  assert.equal((await liar.expect('result')).trust, 'untrusted');
  assert.equal((await liar.expect('refused')).code, 'agent-unproven');
  assert.equal((await verdict()).trust, 'trusted');
  assert.equal((await server.host('node1')).connected, true);
});

test('a new connection takes over once its evidence verified, and the old one ends', async (t) => {
  const { server, host, peer, verdict, round } = await startPool(t);
  const newer = await connectPeer(t, server);
  newer.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: host.akName });
  assert.equal((await round(newer)).trust, 'trusted');
  assert.equal((await peer.expect('refused')).code, 'agent-replaced');
  await peer.closed;
  assert.deepEqual([(await verdict()).trust, (await server.host('node1')).connected], ['trusted', true]);
});

test('a verdict survives a restart of the server, a round under way does not', async (t) => {
  const { server, host, peer } = await startPool(t);
  const second = await server.restart();
  await peer.closed;
  assert.equal((await second.host('node1')).verdict.trust, 'trusted');
  const again = await connectPeer(t, second);
  const challenge = await host.greet(again, 'node1');
  const third = await second.restart();
  const { verdict } = await third.host('node1');
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['unknown', 'round-interrupted']);
  const last = await connectPeer(t, third);
  last.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: host.akName });
  const fresh = await last.expect('challenge');
  last.send({ type: 'evidence', challenge: fresh.challenge, evidence: await host.evidence(challenge) });
  assert.equal((await last.expect('result')).trust, 'untrusted');
});

test('a removed host is gone, and its agent with it', async (t) => {
  const { server, host, peer } = await startPool(t);
  assert.equal((await server.call('DELETE', '/v1/hosts/node1')).status, 204);
  assert.equal((await peer.expect('refused')).code, 'agent-replaced');
  const poll = await server.call('POST', '/AttestationService/resources/PollHosts', { hosts: ['node1'] });
  assert.equal((poll.body as PollHostsAnswer).hosts[0]?.trust_lvl, 'unknown');
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  assert.equal((await server.host('node1')).ak_name, undefined);
  const again = await connectPeer(t, server);
  again.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: host.akName });
  await again.expect('enrol-wanted');
});

test('nothing is learnt from a host whose evidence does not verify', async (t) => {
  const { server, host, peer } = await startPool(t);
  const asked = server.call('POST', '/v1/reference/learn', { host: 'node1' });
  const challenge = await peer.expect('challenge');
  const evidence = await host.evidence(challenge, { nonce: new Uint8Array(32) });
  peer.send({ type: 'evidence', challenge: challenge.challenge, evidence });
  const { status, body } = await asked;
  assert.deepEqual([status, codeOf(body)], [409, 'reference-not-verified']);
});

test('a dry run of learning adds nothing', async (t) => {
  const host = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: host.cas });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  peer.send(await host.answer(await host.greet(peer, 'node1')));
  await peer.expect('result');
  const asked = server.call('POST', '/v1/reference/learn', { host: 'node1', dry_run: true });
  peer.send(await host.answer(await peer.expect('challenge')));
  assert.equal(((await asked).body as { added: unknown[] }).added.length, 4);
  assert.deepEqual((await server.call('GET', '/v1/reference')).body, { values: [] });
});
