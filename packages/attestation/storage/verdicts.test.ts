// The order of verdicts, in the database and in memory: which of two sets on a host is the current one?
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLog } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase, testClock } from '@assay/daemon/testing';
import { defaultPool, type Trust, type Verdict } from '@assay/protocol';
import fc from 'fast-check';
import { createRegistry } from '../registry/registry.ts';
import { registerHost, removeHost } from './hosts.ts';
import { migrations } from './migrations/catalogue.ts';
import type { Db, Schema } from './schema.ts';
import { filesOf, keepVerdicts, readVerdicts, type StoredVerdicts } from './verdicts.ts';

const now = new Date('2026-11-23T10:00:00.000Z');

async function open(url: string, t?: TestContext): Promise<Db> {
  const db = await openDatabase<Schema>(url, migrations);
  t?.after(() => db.destroy());
  await registerHost(db, { name: 'node1', ekPin: undefined, now });
  return db;
}

const verdict = (pool: string, trust: Trust): Verdict => ({
  ...{ host: 'node1', pool, trust, reason: '', components: [], findings: [], software_tpm: false },
  verified_at: now.toISOString(),
  expires_at: new Date(now.getTime() + 90_000).toISOString(),
});
const setOf = (round: number, revision: number, pools: string[], trust: Trust = 'trusted'): StoredVerdicts => ({
  ...{ host: 'node1', round, revision, uptimeMs: 1_000_000, bootId: 'boot-1' },
  verdicts: pools.map((pool) => verdict(pool, trust)),
});
const keep = (db: Db, set: StoredVerdicts) => db.transaction().execute((tx) => keepVerdicts(tx, set));
const shown = ({ round, revision, verdicts }: StoredVerdicts) => ({
  ...{ round, revision },
  verdicts: verdicts.map(({ pool, trust }) => `${pool} ${trust}`).sort(),
});

eachDatabase(
  'of one round the verdicts by newer standards count; a re-judgement of an older round replaces no newer one',
  async (url, t) => {
    const db = await open(url, t);
    const current = async () => (await readVerdicts(db)).stored.map(shown)[0];
    assert.equal(await keep(db, setOf(5, 3, [defaultPool, 'gold'])), true);
    assert.equal(await keep(db, setOf(5, 3, [defaultPool, 'gold'], 'untrusted')), false);
    assert.equal(await keep(db, setOf(5, 2, [defaultPool, 'gold'], 'untrusted')), false);
    assert.equal(await keep(db, setOf(4, 9, [defaultPool, 'gold'], 'untrusted')), false);
    assert.deepEqual(await current(), shown(setOf(5, 3, [defaultPool, 'gold'])));
    assert.equal(await keep(db, setOf(5, 4, [defaultPool], 'untrusted')), true);
    assert.deepEqual(await current(), shown(setOf(5, 4, [defaultPool], 'untrusted')), 'it has left gold');
    assert.equal(await keep(db, setOf(6, 3, [defaultPool])), true, 'rounds come before standards');
  },
);

eachDatabase('verdicts that come too late put a host back into no pool it has left', async (url, t) => {
  const db = await open(url, t);
  await keep(db, setOf(2, 1, [defaultPool, 'gold']));
  await keep(db, setOf(3, 2, [defaultPool]));
  assert.equal(await keep(db, setOf(2, 2, [defaultPool, 'gold'])), false);
  assert.equal(await keep(db, setOf(3, 1, ['gold'])), false);
  assert.deepEqual((await readVerdicts(db)).stored.map(shown), [shown(setOf(3, 2, [defaultPool]))]);
  await removeHost(db, 'node1');
  assert.equal(await keep(db, setOf(9, 9, [defaultPool])), false);
});

eachDatabase('what is remembered of files stays with the verdict of its pool', async (url, t) => {
  const db = await open(url, t);
  await keep(db, { ...setOf(1, 1, [defaultPool, 'gold']), files: { gold: '{"basis":"x"}' } });
  assert.deepEqual([...(await filesOf(db, 'node1'))], [['gold', '{"basis":"x"}']]);
  await keep(db, setOf(2, 1, [defaultPool, 'gold']));
  assert.equal((await filesOf(db, 'node1')).size, 0);
});

test('in whatever order sets of verdicts come, the database and the registry end with the same one: the last round, by the newest standards', async () => {
  const pools = fc.subarray([defaultPool, 'gold', 'silver'], { minLength: 1 });
  const trust = fc.constantFrom<Trust[]>('trusted', 'untrusted', 'unknown');
  const set = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }), pools, trust);
  await fc.assert(
    fc.asyncProperty(fc.array(set, { minLength: 1, maxLength: 12 }), async (sets) => {
      const db = await open('sqlite::memory:');
      const clock = testClock(now.getTime());
      const registry = createRegistry({ clock, log: createLog('test', 'silent') });
      registry.add('node1');
      let last: StoredVerdicts | undefined;
      for (const each of sets) {
        const next = setOf(...each);
        const later = !last || next.round > last.round || (next.round === last.round && next.revision > last.revision);
        if (later) last = next;
        assert.equal(await keep(db, next), later);
        registry.accept(next);
      }
      if (!last) return;
      const { verdicts } = last;
      const { stored } = await readVerdicts(db);
      assert.deepEqual(stored.map(shown), [shown(last)]);
      assert.deepEqual(registry.poolsOf('node1').sort(), verdicts.map(({ pool }) => pool).sort());
      for (const pool of [defaultPool, 'gold', 'silver']) {
        const expected: Trust = verdicts.find((one) => one.pool === pool)?.trust ?? 'unknown';
        assert.equal(registry.current('node1', pool).verdict.trust, expected);
      }
      await db.destroy();
    }),
    { numRuns: 60 },
  );
});
