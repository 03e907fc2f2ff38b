// IMA's list over several rounds, through a running server and a real TPM whose PCR 10 is really extended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedByDefault, labDocument } from '@assay/appraisal';
import type { Verdict } from '@assay/protocol';
import { connectPeer } from '../testing/peer.ts';
import { startPool } from '../testing/pool.ts';

const counting = ({ findings }: Verdict) => findings.filter(({ allowed }) => !allowed).map(({ code }) => code);

/** One round, its challenge first. */
async function ask(pool: Awaited<ReturnType<typeof startPool>>) {
  const { challenge, verdict } = await pool.ask();
  const answer = await pool.host.answer(challenge);
  pool.peer.send(answer);
  const result = await pool.peer.expect('result');
  return { challenge, answer, result, verdict: await verdict };
}

test('each round sends the new entries alone, a reboot all of them, and a violation costs the trust until the next boot', async (t) => {
  const pool = await startPool(t);
  const { host } = pool;
  await host.measure({ path: '/usr/bin/one' }, { path: '/usr/bin/two' });
  const first = await ask(pool);
  assert.deepEqual([first.challenge.ima_offset, first.verdict.trust], [0, 'trusted']);
  const length = host.imaList?.length ?? 0;
  await host.measure({ path: '/usr/bin/three' });
  const second = await ask(pool);
  assert.equal(second.challenge.ima_offset, length);
  assert.equal(second.answer.evidence.ima_log?.offset, length);
  assert.equal(second.verdict.trust, 'trusted');
  assert.match(second.verdict.components[3]?.reason ?? '', /IMA list of 4 entries/);

  await host.measure({ path: '/var/log/x', violation: true });
  assert.deepEqual(counting((await ask(pool)).verdict), ['ima-violation']);
  await host.measure({ path: '/usr/bin/four' });
  assert.deepEqual(counting((await ask(pool)).verdict), ['ima-violation'], 'it stays so');

  await host.reboot();
  await host.measure({ path: '/usr/bin/one' });
  const rebooted = await ask(pool);
  assert.notEqual(rebooted.challenge.ima_offset, 0);
  assert.equal(rebooted.answer.evidence.ima_log?.offset, 0);
  assert.deepEqual([counting(rebooted.verdict), rebooted.verdict.trust], [[], 'trusted']);
});

test('I12 an entry that was extended and is withheld is missed: asked again at once, then refused', async (t) => {
  const pool = await startPool(t);
  const { host, peer } = pool;
  await host.measure({ path: '/usr/bin/one' });
  assert.equal((await ask(pool)).verdict.trust, 'trusted');
  const honest = host.imaList;
  await host.measure({ path: '/tmp/evil' });
  const whole = host.imaList;
  host.imaList = honest;
  const { verdict } = await ask(pool);
  assert.deepEqual([counting(verdict), verdict.trust], [['ima-list-behind'], 'unknown']);
  for (const trust of ['unknown', 'untrusted']) {
    peer.send(await host.answer(await peer.expect('challenge')));
    assert.equal((await peer.expect('result')).trust, trust);
  }
  assert.deepEqual(counting(await pool.verdict()), ['ima-list-mismatch']);
  host.imaList = whole;
  assert.equal((await ask(pool)).verdict.trust, 'trusted', 'the list is whole again');
});

test('I11 a list that was read too early is forgiven when the next round explains it', async (t) => {
  const pool = await startPool(t);
  const { host, peer } = pool;
  await host.measure({ path: '/usr/bin/one' });
  const early = host.imaList;
  await host.measure({ path: '/usr/bin/two' });
  const whole = host.imaList;
  host.imaList = early;
  const { challenge } = await pool.ask();
  peer.send(await host.answer(challenge));
  assert.equal((await peer.expect('result')).trust, 'unknown');
  host.imaList = whole;
  peer.send(await host.answer(await peer.expect('challenge')));
  assert.equal((await peer.expect('result')).trust, 'trusted');
});

test('I16 a list that came in pieces is read on at once, and the state of it survives a restart of the server', async (t) => {
  const pool = await startPool(t);
  const { host, peer } = pool;
  await host.measure(...Array.from({ length: 40 }, (_, i) => ({ path: `/usr/lib/${i}` })));
  const whole = host.imaList ?? new Uint8Array();
  let { challenge } = await pool.ask();
  for (let rounds = 1; ; rounds++) {
    const answer = await host.answer(challenge);
    const { ima_log, ...rest } = answer.evidence;
    assert.ok(ima_log);
    const from = ima_log.offset;
    const part = Buffer.from(whole.subarray(from, from + 1500));
    const more = from + part.length < whole.length;
    peer.send({ ...answer, evidence: { ...rest, ima_log: { offset: from, data: part.toString('base64'), more } } });
    const { trust } = await peer.expect('result');
    assert.equal(trust, more ? 'unknown' : 'trusted');
    if (!more) break;
    assert.ok(rounds < 10);
    challenge = await peer.expect('challenge');
  }
  const restarted = await pool.server.restart();
  const again = await connectPeer(t, restarted);
  const next = await host.greet(again, 'node1');
  assert.equal(next.ima_offset, whole.length);
});

test('what a policy allows is shown and does not count; what nothing can be proven with may not be allowed', async (t) => {
  const allowing = (...codes: string[]) => ({ ...labDocument, allowed_findings: [...allowedByDefault, ...codes] });
  const pool = await startPool(t, { policy: allowing('ima-violation') });
  await pool.host.measure({ path: '/var/log/x', violation: true });
  const { verdict } = await ask(pool);
  assert.equal(verdict.trust, 'trusted');
  assert.ok(verdict.findings.some(({ code, allowed }) => code === 'ima-violation' && allowed));
  for (const code of ['quote-nonce', 'ima-violations']) {
    const { status, body } = await pool.server.call('POST', '/v1/policies', { document: allowing(code) });
    assert.deepEqual([status, (body as { error: { code: string } }).error.code], [400, 'policy-value']);
  }
});
