// A boot log that the server has is named and left out; what is stored stays complete all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appraise, type Endorsement, logDigest } from '@assay/appraisal';
import { knownGoodOf, testPolicy } from '@assay/appraisal/testing';
import { openDatabase } from '@assay/daemon/storage';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { toBase64 } from '@assay/protocol';
import { migrations } from '../storage/migrations/catalogue.ts';
import type { Schema } from '../storage/schema.ts';
import { connectPeer } from '../testing/peer.ts';
import { startPool } from '../testing/pool.ts';

type Pool = Awaited<ReturnType<typeof startPool>>;

const stored = async ({ server }: Pool) => {
  const db = await openDatabase<Schema>(server.options.database, migrations);
  try {
    return {
      logs: await db.selectFrom('boot_logs').selectAll().execute(),
      evidence: await db.selectFrom('evidence').selectAll().executeTakeFirstOrThrow(),
      enrolment: await db.selectFrom('enrolments').selectAll().executeTakeFirstOrThrow(),
    };
  } finally {
    await db.destroy();
  }
};

async function round(pool: Pool) {
  const { challenge, verdict } = await pool.ask();
  const answer = await pool.host.answer(challenge);
  pool.peer.send(answer);
  await pool.peer.expect('result');
  return { challenge, answer, verdict: await verdict };
}

test('the log of a host is sent once, and what is stored of a round suffices to check it again', async (t) => {
  const pool = await startPool(t);
  const { challenge, answer, verdict } = await round(pool);
  assert.equal(challenge.event_log_sha256, logDigest(pool.host.log));
  assert.equal(answer.evidence.event_log, undefined);
  assert.equal(verdict.trust, 'trusted');

  const { logs, evidence, enrolment } = await stored(pool);
  assert.deepEqual(logs, [{ sha256: challenge.event_log_sha256, log: toBase64(pool.host.log) }]);
  assert.ok(!evidence.claimed.includes('"event_log"'));
  const again = appraise({
    host: 'node1',
    evidence: { ...JSON.parse(evidence.claimed), event_log: logs[0]?.log },
    ak: Buffer.from(enrolment.ak_public, 'base64'),
    nonce: Buffer.from(evidence.nonce, 'base64'),
    wanted: JSON.parse(evidence.wanted ?? ''),
    imaAsked: evidence.ima_asked ?? 0,
    endorsement: JSON.parse(enrolment.endorsement) as Endorsement,
    knownGood: knownGoodOf([]),
    policy: testPolicy(),
    previous: JSON.parse(evidence.previous ?? ''),
    now: new Date(evidence.received_at),
  });
  assert.equal(again.verdict.evidence_sha256, verdict.evidence_sha256);
});

test('after a restart of the server a log that is left out is read from the database', async (t) => {
  const pool = await startPool(t);
  const restarted = await pool.server.restart();
  const peer = await connectPeer(t, restarted);
  const challenge = await pool.host.greet(peer, 'node1');
  assert.equal(challenge.event_log_sha256, logDigest(pool.host.log));
  peer.send(await pool.host.answer(challenge));
  assert.equal((await peer.expect('result')).trust, 'trusted');
});

test('who names a log that is not its own is asked for all of it', async (t) => {
  const pool = await startPool(t);
  const { challenge } = await pool.ask();
  const { event_log_sha256: _, ...evidence } = (await pool.host.answer(challenge)).evidence;
  const other = { ...evidence, event_log_sha256: 'ab'.repeat(32) };
  pool.peer.send({ type: 'evidence', challenge: challenge.challenge, evidence: other });
  assert.equal((await pool.peer.expect('result')).trust, 'unknown');
  const next = await pool.peer.expect('challenge');
  assert.equal(next.event_log_sha256, undefined);
  pool.peer.send(await pool.host.answer(next));
  assert.equal((await pool.peer.expect('result')).trust, 'trusted');
});

test('a log that a host no longer has is forgotten, unless a change of verdict rests on it', async (t) => {
  const pool = await startPool(t);
  const log = parseEventLog(pool.host.log);
  const logs = async () => (await stored(pool)).logs.map(({ sha256 }) => sha256).sort();
  const changed: Uint8Array[] = [];
  for (const byte of [1, 2]) {
    const { challenge } = await pool.ask();
    const other = writeEventLog(withDigests(log, 10, { sha256: new Uint8Array(32).fill(byte) }));
    changed.push(other);
    const { event_log_sha256: _, ...evidence } = (await pool.host.answer(challenge)).evidence;
    const sent = { ...evidence, event_log: toBase64(other) };
    pool.peer.send({ type: 'evidence', challenge: challenge.challenge, evidence: sent });
    assert.equal((await pool.peer.expect('result')).trust, 'untrusted');
    const kept = [logDigest(pool.host.log), ...changed.map(logDigest)];
    assert.deepEqual(await logs(), kept.sort());
  }
  assert.equal((await round(pool)).verdict.trust, 'trusted');
  // The second said what the first had said.
  const kept = [logDigest(pool.host.log), ...changed.slice(0, 1).map(logDigest)];
  assert.deepEqual(await logs(), kept.sort());
  const { server } = pool;
  assert.equal((await server.call('DELETE', '/v1/hosts/node1')).status, 204);
  await pool.peer.closed;
  const db = await openDatabase<Schema>(server.options.database, migrations);
  assert.deepEqual(await db.selectFrom('boot_logs').selectAll().execute(), []);
  await db.destroy();
});
