import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { defaultPool, type Finding, type Trust, type Verdict } from '@assay/protocol';
import { keepEnrolment } from './enrolments.ts';
import { keepEvidence } from './evidence.ts';
import { evidenceAt } from './evidence-history.ts';
import { registerHost, removeHost } from './hosts.ts';
import { migrations } from './migrations/catalogue.ts';
import type { Schema } from './schema.ts';
import { forgetHistory, gistOf, historyOf } from './verdict-history.ts';
import { keepVerdicts } from './verdicts.ts';

const start = Date.parse('2026-11-23T10:00:00.000Z');
const at = (round: number) => new Date(start + round * 60_000);

const verdict = (trust: Trust, round: number, pool = defaultPool, codes: string[] = []): Verdict => ({
  ...{ host: 'node1', pool, trust, reason: `because ${trust}`, components: [], software_tpm: false },
  findings: codes.map((code): Finding => ({ code, message: code })),
  verified_at: at(round).toISOString(),
  expires_at: at(round + 2).toISOString(),
});

async function world(url: string, t: TestContext) {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  for (const name of ['node1', 'node2']) {
    const { registration } = await registerHost(db, { name, ekPin: undefined, now: at(0) });
    const ek = { ek_sha256: name, ek_name: name, ek_certificate: 'cert', endorsement: '{}' };
    const ak = { ak_name: 'aa', ak_public: 'ak', enrolled_at: at(0).toISOString() };
    await db.transaction().execute((tx) => keepEnrolment(tx, { host: name, registration, ...ek, ...ak }));
  }
  let before: string | undefined;
  /** As a round does it: evidence first. */
  const round = (number: number, verdicts: Verdict[], { log = 'log', revision = 1, size = 10, host = 'node1' } = {}) =>
    db.transaction().execute(async (tx) => {
      const asked = { wanted: '[]', previous: null, ima_asked: 0, tags: null };
      const row = { host, round: number, nonce: '', ak_name: 'aa', received_at: at(number).toISOString() };
      const claimed = JSON.stringify({ noise: randomBytes(size).toString('base64') });
      await keepEvidence(tx, { ...row, ...asked, claimed, event_log_sha256: log }, { before, log: `${log} itself` });
      if (host === 'node1') before = log;
      return await keepVerdicts(tx, { host, round: number, revision, verdicts, uptimeMs: 1, bootId: 'b' });
    });
  const logs = async () => {
    const rows = await db.selectFrom('boot_logs').select('sha256').orderBy('sha256').execute();
    return rows.map(({ sha256 }) => sha256);
  };
  return { db, round, logs };
}

eachDatabase(
  'each change of verdict is kept, with its evidence; a round that says the same is none',
  async (url, t) => {
    const { db, round, logs } = await world(url, t);
    await round(1, [verdict('unknown', 1, defaultPool, ['reference-missing'])], { log: 'old' });
    await round(2, [verdict('trusted', 2)], { log: 'old' });
    for (let number = 3; number < 8; number++) await round(number, [verdict('trusted', number)], { log: 'old' });
    await round(8, [verdict('untrusted', 8, defaultPool, ['measurement-unknown'])], { log: 'new' });
    await round(9, [verdict('untrusted', 9, defaultPool, ['measurement-unknown'])], { log: 'newer' });
    const history = await historyOf(db, 'node1');
    assert.deepEqual(
      history.map(({ round, verdict, evidence }) => [round, verdict.trust, evidence]),
      [
        [8, 'untrusted', true],
        [2, 'trusted', true],
        [1, 'unknown', true],
      ],
    );
    assert.deepEqual(
      history.map(({ until }) => until),
      [null, at(7).toISOString(), at(1).toISOString()],
      'a run ends with the last evidence of it',
    );
    assert.deepEqual(history[0]?.verdict, verdict('untrusted', 8, defaultPool, ['measurement-unknown']));
    assert.deepEqual((await historyOf(db, 'node1', { limit: 1 })).length, 1);
    assert.deepEqual(await logs(), ['new', 'newer', 'old'], 'each once, for as long as a change rests on it');
    const kept = await evidenceAt(db, 'node1', 2);
    assert.deepEqual(
      [kept?.event_log, kept?.ak_public, kept?.ek_certificate, kept?.wanted, kept?.received_at],
      ['old itself', 'ak', 'cert', '[]', at(2).toISOString()],
    );
    assert.match(kept?.claimed ?? '', /^\{"noise":/);
    assert.equal((await evidenceAt(db, 'node1', 9))?.event_log, 'newer itself', 'of the present round as well');
    assert.equal(await evidenceAt(db, 'node1', 5), undefined);
    await removeHost(db, 'node1');
    assert.deepEqual([await logs(), await historyOf(db, 'node1')], [[], []]);
  },
);

eachDatabase(
  'each pool has a history of its own; the same evidence judged anew is a change when the verdict is',
  async (url, t) => {
    const { db, round } = await world(url, t);
    await round(1, [verdict('trusted', 1), verdict('trusted', 1, 'gold')]);
    await round(2, [verdict('trusted', 2), verdict('untrusted', 2, 'gold', ['x'])]);
    const again = { host: 'node1', round: 2, uptimeMs: 1, bootId: 'b', at: at(7) };
    const judged = [verdict('trusted', 2), verdict('trusted', 2, 'gold')];
    assert.equal(await keepVerdicts(db, { ...again, revision: 2, verdicts: judged }), true);
    const gold = await historyOf(db, 'node1', { pool: 'gold' });
    assert.deepEqual(
      gold.map(({ round, revision, at, verdict, evidence }) => [round, revision, at, verdict.trust, evidence]),
      [
        [2, 2, at(7).toISOString(), 'trusted', true],
        [2, 1, at(2).toISOString(), 'untrusted', true],
        [1, 1, at(1).toISOString(), 'trusted', true],
      ],
    );
    assert.equal((await historyOf(db, 'node1', { pool: defaultPool })).length, 1);
    assert.equal((await historyOf(db, 'node1')).length, 4);
  },
);

eachDatabase('what is older than it is kept for is forgotten step by step, but for the last change', async (url, t) => {
  const { db, round, logs } = await world(url, t);
  for (let number = 1; number <= 6; number++)
    await round(number, [verdict(number % 2 ? 'trusted' : 'unknown', number)], { log: `log${number}` });
  const forget = (before: Date, most?: number) => db.transaction().execute((tx) => forgetHistory(tx, before, most));
  assert.equal(await forget(at(1)), 0);
  assert.deepEqual([await forget(at(4), 2), await forget(at(4), 2)], [2, 1]);
  assert.deepEqual(
    (await historyOf(db, 'node1')).map(({ round }) => round),
    [6, 5, 4],
  );
  assert.deepEqual(await logs(), ['log4', 'log5', 'log6']);
  assert.equal(await evidenceAt(db, 'node1', 3), undefined);
  assert.equal(await forget(at(1000)), 2);
  assert.deepEqual(
    (await historyOf(db, 'node1')).map(({ round, evidence }) => [round, evidence]),
    [[6, true]],
  );
  assert.equal(await forget(at(1000)), 0);
});

eachDatabase('a verdict that held for long is remembered from its end on', async (url, t) => {
  const { db, round } = await world(url, t);
  await round(1, [verdict('trusted', 1)]);
  await round(500, [verdict('trusted', 500)]);
  await round(501, [verdict('unknown', 501)]);
  const forget = (before: Date) => db.transaction().execute((tx) => forgetHistory(tx, before));
  assert.equal(await forget(at(499)), 0);
  assert.equal((await historyOf(db, 'node1'))[1]?.until, at(500).toISOString());
  assert.equal(await forget(at(501)), 1);
});

test('a host that changes in every round, with large evidence, fills nobody’s disk', async (t) => {
  const { db, round, logs } = await world('sqlite::memory:', t);
  for (let number = 1; number <= 505; number++)
    await round(number, [verdict(number % 2 ? 'trusted' : 'unknown', number)], { log: `log${number}` });
  assert.equal((await historyOf(db, 'node1', { limit: 1000 })).length, 500);
  assert.equal((await logs()).length, 500);
  for (let number = 506; number <= 510; number++)
    await round(number, [verdict(number % 2 ? 'trusted' : 'unknown', number)], { size: 6 << 20 });
  const history = await historyOf(db, 'node1');
  const { bytes } = await db
    .selectFrom('evidence_history')
    .select(({ fn }) => fn.sum<number>(fn('length', ['body'])).as('bytes'))
    .executeTakeFirstOrThrow();
  assert.ok(Number(bytes) <= 32 * 1024 * 1024 && Number(bytes) > 20 * 1024 * 1024, String(bytes));
  assert.ok(history[0]?.evidence && !history.at(-1)?.evidence);
});

eachDatabase('without evidence of that round there is none in its history', async (url, t) => {
  const { db, round } = await world(url, t);
  await round(1, [verdict('trusted', 1)]);
  const silence = [verdict('unknown', 2, defaultPool, ['no-answer'])];
  await keepVerdicts(db, { host: 'node1', round: 2, revision: 1, verdicts: silence, uptimeMs: 1, bootId: 'b' });
  assert.deepEqual(
    (await historyOf(db, 'node1')).map(({ round, evidence }) => [round, evidence]),
    [
      [2, false],
      [1, true],
    ],
  );
});

test('a verdict is another one when its trust is, or what counts against it', async () => {
  const of = (trust: Trust, ...findings: Partial<Finding>[]) =>
    gistOf({ trust, findings: findings.map((one) => ({ code: 'a', message: String(Math.random()), ...one })) });
  assert.equal(of('trusted'), of('trusted', { allowed: true }));
  assert.notEqual(of('trusted'), of('unknown'));
  assert.equal(of('unknown', { event: 5 }), of('unknown', { event: 6 }, {}));
  assert.notEqual(of('unknown', {}), of('unknown', { component: 'firmware' }));
  assert.notEqual(of('unknown', {}), of('unknown', { code: 'b' }));
  assert.equal(of('unknown', { code: 'b' }, {}), of('unknown', {}, { code: 'b' }));
});
