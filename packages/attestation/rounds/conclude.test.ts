import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { bootPcrs, KnownLogs, labDocument, trustStoreFrom } from '@assay/appraisal';
import { createLog } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase, testClock } from '@assay/daemon/testing';
import { KnownImaLines } from '@assay/measurement';
import { defaultPool, type Trust } from '@assay/protocol';
import { sql } from 'kysely';
import { createRegistry } from '../registry/registry.ts';
import { standardsReader } from '../standards/standards.ts';
import { issueChallenge } from '../storage/challenges.ts';
import { keepEnrolment } from '../storage/enrolments.ts';
import { registerHost } from '../storage/hosts.ts';
import { migrations } from '../storage/migrations/catalogue.ts';
import { keepPolicy } from '../storage/policies.ts';
import type { Schema } from '../storage/schema.ts';
import { readVerdicts } from '../storage/verdicts.ts';
import { conclude } from './conclude.ts';
import { recoverRounds } from './recover.ts';

/** A host with an AK that nothing can be signed with: every round speaks against it. */
async function world(url: string, t: TestContext) {
  const clock = testClock();
  const log = createLog('test', 'silent');
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const registry = createRegistry({ clock, log });
  const trust = trustStoreFrom([]);
  const lifetimeS = 90;
  const document = { ...labDocument, allowed_findings: [] };
  const at = clock.now().toISOString();
  await keepPolicy(db, { pool: defaultPool, document, applied_at: at, by: 'test' });
  const standards = standardsReader(lifetimeS);
  const known = { standards, lifetimeS, knownImaLines: new KnownImaLines(0), knownLogs: new KnownLogs(0) };
  const needs = { db, clock, log, registry, heldStore: () => trust, ...known };
  const { registration } = await registerHost(db, { name: 'node1', ekPin: undefined, now: clock.now() });
  registry.add('node1');
  await db.transaction().execute((tx) =>
    keepEnrolment(tx, {
      host: 'node1',
      registration,
      ek_sha256: 'a',
      ek_name: 'a',
      ek_certificate: '',
      endorsement: '{}',
      ak_name: 'aa',
      ak_public: '',
      enrolled_at: clock.now().toISOString(),
    }),
  );
  const issue = async (counts = true) => {
    const asked = { host: 'node1', akName: 'aa', connection: 'c', counts };
    const row = await db.transaction().execute((tx) => issueChallenge(tx, asked, clock.now()));
    return { ...row, pcrs: bootPcrs };
  };
  /** As if round 0 had gone well. */
  const trusted = () =>
    registry.accept({
      ...{ host: 'node1', round: 0, revision: 0 },
      verdicts: [
        {
          host: 'node1',
          pool: defaultPool,
          trust: 'trusted',
          reason: 'x',
          components: [],
          findings: [],
          software_tpm: true,
          verified_at: clock.now().toISOString(),
          expires_at: new Date(clock.now().getTime() + 90_000).toISOString(),
        },
      ],
      uptimeMs: clock.uptimeMs(),
      bootId: clock.bootId,
    });
  const current = (): [Trust, string | undefined] => {
    const { trust, findings } = registry.current('node1').verdict;
    return [trust, findings[0]?.code];
  };
  return { needs, db, issue, trusted, current };
}

const evidence = { quote: '', signature: '', event_log: '', boot_id: '', uptime_s: 0 };
const silence = { code: 'no-answer', message: 'nothing came' };

eachDatabase('a challenge that many try to answer at the same time is concluded once', async (url, t) => {
  const { needs, db, issue } = await world(url, t);
  const challenge = await issue();
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, () => conclude(needs, challenge, { evidence }, true)),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const result of results) if (result.status === 'rejected') assert.equal(result.reason.code, 'challenge-unknown');
  assert.equal((await readVerdicts(db)).stored[0]?.round, 1);
});

eachDatabase('an answer that is not authentic and does not count changes nothing but its challenge', async (url, t) => {
  const { needs, db, issue, trusted, current } = await world(url, t);
  trusted();
  for (const answer of [{ evidence }, silence]) {
    const challenge = await issue();
    const { verdict, authentic } = await conclude(needs, challenge, answer, false);
    assert.equal(authentic, false);
    assert.notEqual(verdict.trust, 'trusted');
    await assert.rejects(conclude(needs, challenge, answer, true), { code: 'challenge-unknown' });
  }
  assert.deepEqual(current(), ['trusted', undefined]);
  assert.deepEqual((await readVerdicts(db)).stored, []);
  assert.deepEqual(await db.selectFrom('evidence').selectAll().execute(), []);
});

eachDatabase('an earlier round that is concluded later does not count', async (url, t) => {
  const { needs, issue, current } = await world(url, t);
  const [first, second] = [await issue(), await issue()];
  await conclude(needs, second, { evidence }, true);
  const before = current();
  await conclude(needs, first, silence, true);
  assert.deepEqual(current(), before);
});

eachDatabase('D02 a challenge that a dead server left behind is spent, and its host unknown', async (url, t) => {
  const { needs, db, issue } = await world(url, t);
  await conclude(needs, await issue(), { evidence }, true);
  const [counting] = [await issue(true), await issue(false)];
  await recoverRounds(needs);
  const { stored } = await readVerdicts(db);
  assert.deepEqual(
    stored.flatMap(({ round, verdicts }) => verdicts.map((one) => [round, one.trust, one.findings[0]?.code])),
    [[counting.round, 'unknown', 'round-interrupted']],
  );
  await assert.rejects(conclude(needs, counting, { evidence }, true), { code: 'challenge-unknown' });
});

test('with the disk full nothing becomes trusted, what was trusted is in doubt, and it heals without a restart', async (t) => {
  const { needs, db, issue, trusted, current } = await world('sqlite::memory:', t);
  trusted();
  const challenge = await issue();
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
  await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 0)}`.execute(db);
  const large = { ...evidence, event_log: 'A'.repeat(1_000_000) };
  await assert.rejects(conclude(needs, challenge, { evidence: large }, true), { code: 'storage-full' });
  assert.deepEqual(current(), ['unknown', 'storage-full']);

  await sql`pragma max_page_count = 100000`.execute(db);
  const { verdict } = await conclude(needs, await issue(), { evidence: large }, true);
  assert.equal(current()[0], verdict.trust);
  assert.notEqual(current()[1], 'storage-full');
});
