// What the server must refuse, each sent by a peer with a real TPM through a running server; and the same message unaltered,
// which it must accept.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import { kernelEventOf, parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog, editLog } from '@assay/measurement/testing';
import { type SentEvidence, toBase64, type Verdict } from '@assay/protocol';
import { startTestHost } from './testing/host.ts';
import { connectPeer } from './testing/peer.ts';
import { type Pool, startPool } from './testing/pool.ts';
import { startTestServer } from './testing/server.ts';

/** Sends this evidence for a fresh challenge. @returns the verdict as it is stored then */
async function send(pool: Pool, make: (pool: Pool, challenge: Challenge) => Promise<SentEvidence>) {
  const { challenge, verdict } = await pool.ask();
  const evidence = await make(pool, challenge);
  pool.peer.send({ type: 'evidence', challenge: challenge.challenge, evidence });
  await pool.peer.expect('result');
  return await verdict;
}
type Challenge = Awaited<ReturnType<Pool['ask']>>['challenge'];

const honest = ({ host }: Pool, challenge: Challenge) => host.evidence(challenge);
const codes = ({ findings }: Verdict) => findings.map(({ code }) => code);

/** The server refuses it, says why, and accepts the same host as soon as it is honest again. */
async function refused(
  pool: Pool,
  code: string,
  make: (pool: Pool, challenge: Challenge) => Promise<SentEvidence>,
): Promise<Verdict> {
  const verdict = await send(pool, make);
  assert.notEqual(verdict.trust, 'trusted');
  assert.ok(codes(verdict).includes(code), `${code} in ${JSON.stringify(verdict.findings)}`);
  assert.equal((await send(pool, honest)).trust, 'trusted');
  return verdict;
}

test('Q03 a quote over another nonce is refused', async (t) => {
  const pool = await startPool(t);
  for (const nonce of [new Uint8Array(), new Uint8Array(32), new Uint8Array(31).fill(7)]) {
    const verdict = await refused(pool, 'quote-nonce', ({ host }, challenge) => host.evidence(challenge, { nonce }));
    assert.equal(verdict.trust, 'untrusted');
  }
  await refused(pool, 'quote-nonce', ({ host }, challenge) =>
    host.evidence(challenge, { nonce: Buffer.from(challenge.nonce, 'base64').subarray(0, 31) }),
  );
});

test('Q06 a quote by another AK, of a TPM in the same state, is refused', async (t) => {
  const pool = await startPool(t);
  const other = await startTestHost(t, { identity: 'two' });
  const verdict = await refused(pool, 'quote-signature', (_pool, challenge) => other.evidence(challenge));
  assert.equal(verdict.trust, 'untrusted');
});

test('Q06 a challenge is answered on the connection it was sent on, by the host it was sent to', async (t) => {
  const pool = await startPool(t);
  await pool.server.call('POST', '/v1/hosts', { name: 'node2' });
  const second = await startTestHost(t, { identity: 'two' });
  const peer = await connectPeer(t, pool.server);
  peer.send(await second.answer(await second.greet(peer, 'node2')));
  await peer.expect('result');

  const { challenge, verdict } = await pool.ask();
  peer.send({ type: 'evidence', challenge: challenge.challenge, evidence: await pool.host.evidence(challenge) });
  assert.equal((await peer.expect('refused')).code, 'challenge-unknown'); // node1’s own evidence, from node2
  pool.peer.send(await pool.host.answer(challenge));
  await pool.peer.expect('result');
  assert.equal((await verdict).trust, 'trusted');
});

test('Q34 a verdict rests on what is known good when it is given, not when the host was asked', async (t) => {
  const pool = await startPool(t);
  await pool.server.call('POST', '/v1/hosts', { name: 'node2' });
  const log = parseEventLog(pool.host.log);
  const digest = createHash('sha256').update('another kernel').digest();
  const kernel = kernelEventOf(log.events);
  assert.ok(kernel);
  const other = await startTestHost(t, {
    identity: 'two',
    log: writeEventLog(withDigests(log, kernel.index, { sha256: digest })),
  });
  const peer = await connectPeer(t, pool.server);
  const early = await other.greet(peer, 'node2'); // asked before its kernel is known
  const evidence = await other.answer(early);
  assert.equal((await pool.server.host('node2')).verdict.trust, 'unknown');

  const golden = await startTestHost(t, { identity: 'three', log: other.log });
  await pool.server.call('POST', '/v1/hosts', { name: 'node3' });
  const third = await connectPeer(t, pool.server);
  third.send(await golden.answer(await golden.greet(third, 'node3')));
  await third.expect('result');
  const learnt = pool.server.call('POST', '/v1/reference/learn', { host: 'node3' });
  third.send(await golden.answer(await third.expect('challenge')));
  assert.equal((await learnt).status, 200);

  peer.send(evidence);
  assert.equal((await peer.expect('result')).trust, 'trusted');
});

test('Q07 a quote over fewer PCRs than asked is refused', async (t) => {
  const pool = await startPool(t);
  await refused(pool, 'quote-selection', ({ host }, challenge) =>
    host.evidence(challenge, { pcrs: [{ bank: 'sha256', pcrs: [0] }] }),
  );
});

test('PCR values that do not give the quoted digest are refused', async (t) => {
  const pool = await startPool(t);
  await refused(pool, 'pcr-digest-mismatch', async ({ host }, challenge) => {
    const evidence = await host.evidence(challenge);
    const pcr_values = evidence.pcr_values?.map((one) => (one.pcr === 4 ? { ...one, value: 'ab'.repeat(32) } : one));
    return { ...evidence, ...(pcr_values && { pcr_values }) };
  });
});

test('a log that does not replay to the quoted PCRs is refused', async (t) => {
  const pool = await startPool(t);
  const log = editLog(parseEventLog(pool.host.log), (frames) => frames.filter((_frame, index) => index !== 10));
  const verdict = await refused(pool, 'log-replay-mismatch', async ({ host }, challenge) => ({
    ...(await host.evidence(challenge)),
    event_log: toBase64(log),
  }));
  assert.equal(verdict.trust, 'untrusted');
});

test('a measurement that is not known is refused, with the event, what was expected and what came', async (t) => {
  const pool = await startPool(t);
  const golden = parseEventLog(corpusLog('ovmf-linux-6.1'));
  const kernel = kernelEventOf(golden.events);
  assert.ok(kernel);
  const digest = createHash('sha256').update('a kernel that nobody released').digest();
  const host = await startTestHost(t, {
    identity: 'two',
    log: writeEventLog(withDigests(golden, kernel.index, { sha256: digest })),
  });
  await pool.server.call('POST', '/v1/hosts', { name: 'node3' });
  const peer = await connectPeer(t, pool.server);
  peer.send(await host.answer(await host.greet(peer, 'node3')));
  const { trust, reason } = await peer.expect('result');
  assert.equal(trust, 'untrusted');
  const { verdict } = await pool.server.host('node3');
  const finding = verdict.findings.find(({ code }) => code === 'measurement-unknown');
  assert.deepEqual(
    [finding?.component, finding?.event, finding?.pcr, finding?.expected, finding?.seen],
    [
      'hypervisor',
      kernel.index,
      kernel.pcr,
      `sha256 ${kernel.digests.sha256?.toHex() ?? ''}`,
      `sha256 ${digest.toString('hex')}`,
    ],
  );
  assert.match(reason, /hypervisor/);
  assert.deepEqual(
    verdict.components.map(({ component, trust: of }) => [component, of]),
    [
      ['firmware', 'trusted'],
      ['boot_loader', 'trusted'],
      ['hypervisor', 'untrusted'],
      ['operating_system', 'trusted'],
    ],
  );
  assert.equal((await pool.verdict()).trust, 'trusted');
});

test('Q32 an expired verdict is never told as trusted', async (t) => {
  const clock = testClock(new Date().toISOString());
  const pool = await startPool(t, { clock, attestation_period: 30, verdict_lifetime: 90 });
  assert.equal((await send(pool, honest)).trust, 'trusted');
  clock.pass(89_999);
  assert.equal((await pool.verdict()).trust, 'trusted');
  clock.pass(1);
  assert.deepEqual(codes(await pool.verdict()), ['verdict-expired']);
  clock.step(-3_600_000);
  assert.deepEqual(codes(await pool.verdict()), ['verdict-expired']);
});

test('E01 an EK certificate of a CA nobody listed is refused, and nothing is enrolled', async (t) => {
  const stranger = await startTestHost(t, { ca: 'two' });
  const known = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: known.cas });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  peer.send({ type: 'hello', version: 1, host: 'node1', agent: 'test' });
  await peer.expect('enrol-wanted');
  peer.send(await stranger.enrolFrame());
  const { code, retry } = await peer.expect('refused');
  assert.deepEqual([code, retry], ['ek-issuer-unknown', false]);
  const { verdict, enrolled_at } = await server.host('node1');
  assert.deepEqual([verdict.trust, enrolled_at], ['unknown', undefined]);

  const honestPeer = await connectPeer(t, server);
  await known.greet(honestPeer, 'node1');
  assert.equal((await server.host('node1')).ak_name, known.akName);
});

test('a software TPM is refused where nobody listed its CA as one', async (t) => {
  const host = await startTestHost(t);
  const server = await startTestServer(t);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  peer.send({ type: 'hello', version: 1, host: 'node1', agent: 'test' });
  await peer.expect('enrol-wanted');
  peer.send(await host.enrolFrame());
  assert.equal((await peer.expect('refused')).code, 'ek-issuer-unknown');
});

test('an AK that is not in the TPM of the EK certificate is refused, with one try', async (t) => {
  const host = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: host.cas });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  peer.send({ type: 'hello', version: 1, host: 'node1', agent: 'test' });
  await peer.expect('enrol-wanted');
  peer.send(await host.enrolFrame());
  const credential = await peer.expect('credential');
  peer.send({ type: 'activated', secret: toBase64(new Uint8Array(32)) });
  const { code, message } = await peer.expect('refused');
  assert.equal(code, 'enrol-activation');
  const { secret } = await host.activatedFrame(credential);
  assert.ok(!message.includes(secret), 'E14 the answer does not tell the secret');
  await peer.closed;
  assert.equal((await server.host('node1')).enrolled_at, undefined);

  // E10: the credential binds the name of the key that was shown, so another TPM's key cannot be put in its place.
  const other = await startTestHost(t, { identity: 'two' });
  const swapped = await connectPeer(t, server);
  swapped.send({ type: 'hello', version: 1, host: 'node1', agent: 'test' });
  await swapped.expect('enrol-wanted');
  swapped.send({ ...(await host.enrolFrame()), ak_public: (await other.enrolFrame()).ak_public });
  const bound = await swapped.expect('credential');
  await assert.rejects(host.activatedFrame(bound));

  const honestPeer = await connectPeer(t, server);
  await host.greet(honestPeer, 'node1');
  assert.equal((await server.host('node1')).ak_name, host.akName);
});

test('E16 another TPM cannot take the place of an enrolled host', async (t) => {
  const pool = await startPool(t);
  const other = await startTestHost(t, { identity: 'two' });
  const peer = await connectPeer(t, pool.server);
  peer.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: other.akName });
  await peer.expect('enrol-wanted');
  peer.send(await other.enrolFrame());
  assert.equal((await peer.expect('refused')).code, 'enrol-host-taken');
  assert.equal((await pool.server.host('node1')).ak_name, pool.host.akName);
  assert.equal((await send(pool, honest)).trust, 'trusted');
});

test('E20 one TPM cannot be two hosts', async (t) => {
  const pool = await startPool(t);
  await pool.server.call('POST', '/v1/hosts', { name: 'node2' });
  const peer = await connectPeer(t, pool.server);
  peer.send({ type: 'hello', version: 1, host: 'node2', agent: 'test' });
  await peer.expect('enrol-wanted');
  peer.send(await pool.host.enrolFrame());
  assert.equal((await peer.expect('refused')).code, 'enrol-ek-taken');
});
