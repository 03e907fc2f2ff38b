import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { testClock } from '@assay/daemon/testing';
import { defaultPool, type Trust } from '@assay/protocol';
import { registerHost } from '../storage/hosts.ts';
import { migrations } from '../storage/migrations/catalogue.ts';
import type { Schema } from '../storage/schema.ts';
import { historyOf } from '../storage/verdict-history.ts';
import { keepVerdicts } from '../storage/verdicts.ts';
import { startPool } from '../testing/pool.ts';
import { createHistoryKeeper } from './history-keeper.ts';

const dayMs = 86_400_000;

test('what is older than history_days is forgotten after a round, at most once an hour', async (t) => {
  const clock = testClock();
  const db = await openDatabase<Schema>('sqlite::memory:', migrations);
  t.after(() => db.destroy());
  await registerHost(db, { name: 'node1', ekPin: undefined, now: clock.now() });
  let round = 0;
  const change = async () => {
    const trust: Trust = ++round % 2 ? 'trusted' : 'unknown';
    const at = { verified_at: clock.now().toISOString(), expires_at: clock.now().toISOString() };
    const verdict = { host: 'node1', pool: defaultPool, trust, reason: '', components: [], findings: [], ...at };
    const verdicts = [{ ...verdict, software_tpm: false }];
    await keepVerdicts(db, { host: 'node1', round, revision: 1, verdicts, uptimeMs: 1, bootId: 'b' });
  };
  const rounds = async () => (await historyOf(db, 'node1', { limit: 1000 })).map((one) => one.round);
  for (let i = 0; i < 250; i++) await change();
  const keeper = createHistoryKeeper({ db, clock, log: createLog('test', 'silent') }, 2);
  const idle = async () => {
    keeper.due();
    await keeper.settled();
  };
  await idle();
  assert.equal((await rounds()).length, 250);
  clock.pass(2 * dayMs + 1);
  await change();
  await idle();
  assert.deepEqual(await rounds(), [251], 'all of it, in more than one step');
  await change();
  clock.pass(3_599_999);
  clock.step(3 * dayMs);
  await change();
  await idle();
  assert.equal((await rounds()).length, 3, 'not yet an hour');
  clock.pass(1);
  await idle();
  assert.deepEqual(await rounds(), [253]);
  await keeper.close();
});

test('rounds of a running server forget what is older', async (t) => {
  const clock = testClock(new Date().toISOString());
  const pool = await startPool(t, { clock, history_days: 1 });
  const db = await openDatabase<Schema>(pool.server.options.database, migrations);
  t.after(() => db.destroy());
  const before = (await historyOf(db, 'node1')).map(({ verdict }) => verdict.trust);
  assert.deepEqual(before, ['trusted', 'unknown']);
  clock.pass(dayMs + 1);
  const { challenge, verdict } = await pool.ask();
  pool.peer.send(await pool.host.answer(challenge));
  await verdict;
  while ((await historyOf(db, 'node1')).length > 1);
  assert.equal((await historyOf(db, 'node1'))[0]?.verdict.trust, 'trusted');
});
