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
import { countUp } from '../storage/versions.ts';
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
    return { ...row, sentAtMs: clock.uptimeMs(), pcrs: bootPcrs };
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

eachDatabase(
  'Q34 a verdict stands on the policy that is in force when it is stored, however changes and rounds cross',
  async (url, t) => {
    const { needs, db, issue } = await world(url, t);
    const change = () =>
      db.transaction().execute(async (tx) => {
        const revision = await countUp(tx, 'standards');
        const document = { ...labDocument, description: `of revision ${revision}` };
        const applied_at = needs.clock.now().toISOString();
        return { revision, ...(await keepPolicy(tx, { pool: defaultPool, document, applied_at, by: 'test' })) };
      });
    const inForce = new Map([[0, 1]]);
    const concluded: { round: number; revision: number; version: number }[] = [];
    const challenges = [];
    for (let i = 0; i < 12; i++) challenges.push(await issue());
    await Promise.all(
      challenges.flatMap((challenge) => [
        conclude(needs, challenge, { evidence }, true).then(({ verdict }) =>
          concluded.push({
            round: challenge.round,
            revision: verdict.revision ?? -1,
            version: verdict.policy_version ?? -1,
          }),
        ),
        change().then(({ revision, version }) => inForce.set(revision, version)),
      ]),
    );
    assert.equal(concluded.length, 12);
    for (const { revision, version } of concluded) assert.equal(version, inForce.get(revision));
    assert.ok(new Set(concluded.map(({ revision }) => revision)).size > 1, 'they did cross');
    const [stored] = (await readVerdicts(db)).stored;
    const last = concluded.reduce((a, b) => (b.round > a.round ? b : a));
    assert.deepEqual(
      [stored?.round, stored?.revision, stored?.verdicts[0]?.policy_version],
      [last.round, last.revision, last.version],
    );
  },
);

eachDatabase(
  'standards that were read in a change that was taken back are not kept for those that follow',
  async (url, t) => {
    const { needs, db } = await world(url, t);
    const document = { ...labDocument, description: 'never' };
    const taken = db.transaction().execute(async (tx) => {
      await countUp(tx, 'standards');
      await keepPolicy(tx, { pool: defaultPool, document, applied_at: '2026-11-23T10:00:00.000Z', by: 'test' });
      const { policies, revision } = await needs.standards(tx);
      assert.deepEqual([policies.get(defaultPool)?.document.description, revision], ['never', 1]);
      throw new Error('taken back');
    });
    await assert.rejects(taken, /taken back/);
    await db.transaction().execute((tx) => countUp(tx, 'standards'));
    const { policies, revision } = await needs.standards(db);
    assert.deepEqual([policies.get(defaultPool)?.document.description, revision], [undefined, 1]);
    assert.equal(await needs.standards(db), await needs.standards(db), 'read once');
  },
);

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
