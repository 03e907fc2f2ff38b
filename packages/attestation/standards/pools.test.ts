// One host in several pools: one quote, a verdict for each, whoever asks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import { testClock } from '@assay/daemon/testing';
import type { Host, Journal, PolicyDocument, PollHostsAnswer, Trust } from '@assay/protocol';
import { connectPeer } from '../testing/peer.ts';
import { type Pool, startPool } from '../testing/pool.ts';

const instance_id = '7f0f5a5e-0f3e-4a57-9c6d-3f3e0c9f6a11';
const codeOf = (body: unknown) => (body as { error?: { code: string } }).error?.code;

/** A pool for which the lab's software TPM is not enough. */
const strict: PolicyDocument = { ...labDocument, pool: 'gold', labels: { tier: 'gold' }, tpm: { software: false } };
const lax: PolicyDocument = { ...labDocument, pool: 'silver', labels: { tier: 'gold', rack: '7' } };

async function apply({ server }: Pool, document: PolicyDocument, how = {}) {
  const { status, body } = await server.call('POST', '/v1/policies', { document, ...how });
  assert.equal(status, 200, JSON.stringify(body));
}
const label = async ({ server }: Pool, labels: Record<string, string>, who = {}) => {
  const { status, body } = await server.call('PUT', '/v1/hosts/node1/labels', { labels, ...who });
  assert.equal(status, 200, JSON.stringify(body));
  return body as Host;
};
const poll = async ({ server }: Pick<Pool, 'server'>, pool?: string): Promise<Trust | undefined> => {
  const asked = { hosts: ['node1'], ...(pool !== undefined && { pool }) };
  const { body } = await server.call('POST', '/AttestationService/resources/PollHosts', asked);
  return (body as PollHostsAnswer).hosts[0]?.trust_lvl;
};
/** @returns undefined for a ticket, or why there is none */
async function ticket(pool: Pool, of?: string): Promise<string | undefined> {
  const asked = pool.server.call('POST', '/v1/tickets', { instance_id, host: 'node1', ...(of && { pool: of }) });
  pool.peer.send(await pool.host.answer(await pool.peer.expect('challenge')));
  await pool.peer.expect('result');
  const { status, body } = await asked;
  if (status === 200) return undefined;
  assert.deepEqual([status, codeOf(body)], [409, 'ticket-refused']);
  return (body as { error: { reason: string } }).error.reason;
}
const trusts = ({ verdict, verdicts }: Host) => [verdict, ...verdicts].map(({ pool, trust }) => [pool, trust]);

test('a host is in the pools whose labels it has, at once, and judged in each by its own policy', async (t) => {
  const pool = await startPool(t);
  await apply(pool, strict);
  await apply(pool, lax);
  assert.deepEqual(trusts(await pool.server.host('node1')), [['default', 'trusted']]);
  const labelled = await label(pool, { tier: 'gold' }, { by: 'ann', because: 'moved' });
  assert.deepEqual(labelled.pools, ['default', 'gold']);
  assert.deepEqual(trusts(labelled), [
    ['default', 'trusted'],
    ['gold', 'untrusted'],
  ]);
  assert.equal(labelled.verdicts[0]?.policy_version, 1);
  const both = trusts(await label(pool, { tier: 'gold', rack: '7' }));
  assert.deepEqual(both, [
    ['default', 'trusted'],
    ['gold', 'untrusted'],
    ['silver', 'trusted'],
  ]);
  assert.equal((await pool.round((await reask(pool)).peer)).trust, 'trusted');
  assert.deepEqual(trusts(await pool.server.host('node1')), both, 'a round says the same');
  const { body } = await pool.server.call('GET', '/v1/journal?action=host-label');
  const [, first] = (body as Journal).entries;
  assert.deepEqual([first?.by, first?.because, first?.subject], ['ann', 'moved', 'node1']);
  assert.equal(first?.text, 'labels of host node1: tier=gold; before: none');

  const restarted = await pool.server.restart();
  assert.deepEqual(trusts(await restarted.host('node1')), both, 'and so does another life of the server');
});

async function reask(pool: Pool) {
  void pool.server.call('POST', '/v1/hosts/node1/attest').catch(() => undefined);
  return pool;
}

test('PollHosts and tickets speak of the pool they are asked about, and of no other', async (t) => {
  const pool = await startPool(t);
  await apply(pool, strict);
  await apply(pool, lax);
  await label(pool, { tier: 'gold', rack: '7' });
  assert.deepEqual(
    [await poll(pool), await poll(pool, 'default'), await poll(pool, 'gold'), await poll(pool, 'silver')],
    ['trusted', 'trusted', 'untrusted', 'trusted'],
  );
  assert.equal(await poll(pool, 'bronze'), 'unknown');
  assert.equal(await ticket(pool), undefined);
  assert.equal(await ticket(pool, 'silver'), undefined);
  assert.match((await ticket(pool, 'gold')) ?? '', /software TPM/);
  assert.equal(await ticket(pool, 'bronze'), 'not in pool bronze');
  await label(pool, { rack: '7' });
  assert.deepEqual([await poll(pool, 'silver'), await poll(pool)], ['unknown', 'trusted']);
  assert.equal(await ticket(pool, 'silver'), 'not in pool silver');
});

test('a host that fails in the default pool alone may still be trusted in another', async (t) => {
  const pool = await startPool(t, { brake_percent: 100 });
  await label(pool, { tier: 'gold', rack: '7' });
  await apply(pool, lax);
  await apply(pool, { ...strict, pool: 'default', labels: {} });
  assert.deepEqual([await poll(pool), await poll(pool, 'silver')], ['untrusted', 'trusted']);
  assert.match((await ticket(pool)) ?? '', /software TPM/);
  assert.equal(await ticket(pool, 'silver'), undefined);
});

test('a verdict past its expiry is unknown in every pool, each by its own policy, also with the clock set back', async (t) => {
  const clock = testClock(new Date().toISOString());
  const pool = await startPool(t, { clock, attestation_period: 30, verdict_lifetime: 90 });
  await label(pool, { tier: 'gold', rack: '7' });
  await apply(pool, { ...lax, evidence: { max_age: 60 } });
  const { round } = await pool.ask().then(async ({ challenge }) => {
    pool.peer.send(await pool.host.answer(challenge));
    return { round: await pool.peer.expect('result') };
  });
  assert.equal(round.trust, 'trusted');
  clock.step(-3_600_000);
  clock.pass(59_999);
  assert.deepEqual([await poll(pool), await poll(pool, 'silver')], ['trusted', 'trusted']);
  clock.pass(1);
  assert.deepEqual([await poll(pool), await poll(pool, 'silver')], ['trusted', 'unknown']);
  const [silver] = (await pool.server.host('node1')).verdicts;
  assert.equal(silver?.findings[0]?.code, 'verdict-expired');
  clock.pass(30_000);
  assert.deepEqual([await poll(pool), await poll(pool, 'silver')], ['unknown', 'unknown']);
  const restarted = await pool.server.restart();
  assert.equal(await poll({ server: restarted }, 'silver'), 'unknown');
});

test('silence and doubt speak against a host in all of its pools', async (t) => {
  const pool = await startPool(t);
  await label(pool, { tier: 'gold', rack: '7' });
  await apply(pool, lax);
  assert.equal(await poll(pool, 'silver'), 'trusted');
  const { verdict } = await pool.ask();
  pool.peer.cut();
  await verdict;
  assert.deepEqual([await poll(pool), await poll(pool, 'silver')], ['unknown', 'unknown']);
  const again = await connectPeer(t, pool.server);
  again.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: pool.host.akName });
  assert.equal((await pool.round(again)).trust, 'trusted');
  assert.deepEqual([await poll(pool), await poll(pool, 'silver')], ['trusted', 'trusted']);
});

test('the quote covers what the policies of all its pools rest on', async (t) => {
  const pool = await startPool(t);
  await apply(pool, { ...lax, known_good: ['firmware'], evidence: { pcrs: { sha256: [0, 14] } } });
  await label(pool, { tier: 'gold', rack: '7' });
  const { challenge } = await pool.ask();
  assert.deepEqual(challenge.pcrs, [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14] }]);
});

test('without a policy for it a host is unknown, and says so; labels may come with its registration', async (t) => {
  const pool = await startPool(t, { brake_percent: 100 });
  await apply(pool, { ...labDocument, labels: { site: 'here' } });
  const { verdict, pools } = await pool.server.host('node1');
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code, pools], ['unknown', 'policy-missing', ['default']]);
  assert.equal((await label(pool, { site: 'here' })).verdict.trust, 'trusted');
  const { status, body } = await pool.server.call('POST', '/v1/hosts', { name: 'node2', labels: { site: 'there' } });
  assert.equal(status, 201);
  assert.deepEqual(
    [(body as Host).labels, (body as Host).verdict.findings[0]?.code],
    [{ site: 'there' }, 'no-evidence'],
  );
});

test('labels that are none, or of nobody, are refused', async (t) => {
  const pool = await startPool(t);
  const put = (name: string, body: unknown, headers = {}) =>
    pool.server.call('PUT', `/v1/hosts/${name}/labels`, body, headers);
  for (const labels of [{ 'a b': 'c' }, { a: 5 }, { a: 'x'.repeat(256) }, ['a'], 'a=b', null])
    assert.equal((await put('node1', { labels })).status, 400, JSON.stringify(labels));
  assert.equal((await put('node9', { labels: {} })).status, 404);
  assert.equal((await put('node1', { labels: {} }, { 'x-auth-blob': 'wrong' })).status, 401);
  const before = (await pool.server.host('node1')).verdict.revision;
  assert.equal((await label(pool, {})).verdict.revision, before, 'the same labels again change nothing');
});

test('who changes labels by what they were does not undo what somebody else did meanwhile', async (t) => {
  const pool = await startPool(t);
  await label(pool, { zone: 'dmz' });
  const put = (body: object) => pool.server.call('PUT', '/v1/hosts/node1/labels', body);
  const late = await put({ labels: { site: 'here' }, before: {} });
  assert.deepEqual([late.status, codeOf(late.body)], [409, 'labels-stale']);
  assert.deepEqual((await pool.server.host('node1')).labels, { zone: 'dmz' });
  assert.equal((await put({ labels: { site: 'here' }, before: { zone: 'dmz' } })).status, 200);
});

test('Q34 a policy that changes while a challenge is out decides on its answer', async (t) => {
  const pool = await startPool(t, { brake_percent: 100 });
  const { challenge, verdict } = await pool.ask();
  const answer = await pool.host.answer(challenge);
  await apply(pool, { ...strict, pool: 'default', labels: {} });
  assert.equal(await poll(pool), 'untrusted', 'at once, on the evidence of before');
  pool.peer.send(answer);
  const { trust, policy_version, findings } = await verdict;
  assert.deepEqual([trust, policy_version], ['untrusted', 2]);
  assert.match(findings[0]?.message ?? '', /software TPM/);
});
