// A database of the last release, with what it had learnt and concluded, under this one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { defaultPcrs, judge, logDigest, referenceFrom, verifyEvidence } from '@assay/appraisal';
import { scene } from '@assay/appraisal/testing';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { components, defaultPool, toBase64 } from '@assay/protocol';
import type { Kysely } from 'kysely';
import { heldTo } from '../../standards/memberships.ts';
import { standardsReader } from '../../standards/standards.ts';
import { startTestHost } from '../../testing/host.ts';
import { connectPeer } from '../../testing/peer.ts';
import { startTestServer } from '../../testing/server.ts';
import { evidenceAt } from '../evidence-history.ts';
import { findHost, labelsOf } from '../hosts.ts';
import { policiesInForce, policyVersions } from '../policies.ts';
import { readReferenceValues, referenceId } from '../reference-values.ts';
import type { Schema } from '../schema.ts';
import { historyOf } from '../verdict-history.ts';
import { filesOf, keepVerdicts, readVerdicts } from '../verdicts.ts';
import { countUp, versionOf } from '../versions.ts';
import { migrations } from './catalogue.ts';

const golden = scene(undefined, defaultPcrs);
const added_at = '2026-10-01T00:00:00.000Z';
const instant = golden.now.toISOString();

/** Rows as the last release wrote them. */
async function lastRelease(url: string) {
  // biome-ignore lint/suspicious/noExplicitAny: the tables of the last release have no types any more
  const db = (await openDatabase<never>(url, migrations.slice(0, 2))) as unknown as Kysely<any>;
  const insert = (table: string, row: Record<string, unknown>) => db.insertInto(table).values(row).execute();
  const appraisal = golden.appraise();
  const { pool: _pool, policy_version: _version, revision: _revision, ...verdict } = appraisal.verdict;
  const { evidence, nonce, wanted } = golden.input();
  const { event_log, ...claimed } = evidence;
  const log = logDigest(golden.log);
  await insert('boot_logs', { sha256: log, log: event_log });
  for (const name of ['node1', 'node2']) {
    await insert('hosts', { name, registration: name, registered_at: added_at, ek_pin: null, last_round: 7 });
    const endorsement = JSON.stringify(golden.input().endorsement);
    const ek = { ek_sha256: name, ek_name: name, ek_certificate: toBase64(golden.tpm.ekCertificate), endorsement };
    const ak = { ak_name: golden.tpm.akName.toHex(), ak_public: toBase64(golden.tpm.akPublic), enrolled_at: added_at };
    await insert('enrolments', { host: name, ...ek, ...ak, last_quote: JSON.stringify(appraisal.state) });
    const asked = { nonce: toBase64(nonce), ak_name: ak.ak_name, wanted: JSON.stringify(wanted), ima_asked: 0 };
    const came = { claimed: JSON.stringify(claimed), received_at: instant, event_log_sha256: log, previous: null };
    await insert('evidence', { host: name, round: 7, ...asked, ...came });
    const text = name === 'node1' ? JSON.stringify({ ...verdict, host: name }) : 'half a verd';
    await insert('verdicts', { host: name, round: 7, verdict: text, uptime_ms: 5, boot_id: 'b' });
  }
  for (const { component, content } of referenceFrom(appraisal)) {
    assert.ok(content.form === 'sequence');
    const said = content.events.map(({ pcr, type, digests }) => [pcr, type, Object.entries(digests).sort()]);
    const sum = createHash('sha256').update(JSON.stringify([component, said]));
    const events = content.events.map(({ pcr, type, digests, description }) => ({ pcr, type, digests, description }));
    const source = component === 'firmware' ? 'typed in by hand' : 'learnt from host node1';
    const row = { id: sum.digest('hex').slice(0, 32), component, events: JSON.stringify(events), source, added_at };
    await insert('reference_values', row);
  }
  await insert('versions', { subject: 'reference', version: 4 });
  await db.destroy();
}

const present = async (url: string, t: TestContext) => {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  return db;
};

eachDatabase('what the last release learnt is still good, by the policy it had built in', async (url, t) => {
  await lastRelease(url);
  const db = await present(url, t);
  const values = await readReferenceValues(db);
  assert.deepEqual(values.map(({ component }) => component).sort(), [...components].sort());
  for (const value of values) {
    assert.deepEqual(
      [value.state, value.by, value.added_at, value.id],
      ['current', 'unknown', added_at, referenceId(value)],
    );
    const hand = value.component === 'firmware';
    assert.deepEqual(
      value.source,
      hand ? { kind: 'import', name: 'typed in by hand' } : { kind: 'host', name: 'node1' },
    );
  }
  const [policy, ...others] = await policiesInForce(db);
  assert.deepEqual([others, policy?.pool, policy?.version, policy?.by], [[], defaultPool, 1, 'upgrade']);
  const read = standardsReader(90);
  const { memberships, standards } = await heldTo(db, read, 'node1');
  assert.equal(standards.revision, 4);
  assert.deepEqual(
    memberships.map(({ pool }) => pool),
    [defaultPool],
  );
  const { endorsement } = golden.input();
  const verification = verifyEvidence(golden.input());
  const { knownGood } = standards;
  const given = { host: 'node1', verification, endorsement, knownGood, now: golden.now };
  const { verdict } = judge({ ...given, policy: memberships[0]?.policy });
  assert.deepEqual([verdict.trust, verdict.policy_version, verdict.revision], ['trusted', 1, 4]);
  assert.equal(await db.transaction().execute((tx) => countUp(tx, 'standards')), 5, 'changes are counted on');
});

eachDatabase(
  'verdicts of the last release are read, one that is broken spoils no other, and rounds go on',
  async (url, t) => {
    await lastRelease(url);
    const db = await present(url, t);
    const { stored, unreadable } = await readVerdicts(db);
    assert.deepEqual(unreadable, ['node2']);
    const [{ verdicts, ...of } = { verdicts: [] }] = stored;
    assert.deepEqual(of, { host: 'node1', round: 7, revision: 0, uptimeMs: 5, bootId: 'b' });
    const [verdict] = verdicts;
    assert.ok(verdict);
    assert.deepEqual([verdict.trust, verdict.pool, verdict.verified_at], ['trusted', defaultPool, instant]);
    assert.deepEqual(labelsOf((await findHost(db, 'node1')) ?? { labels: '' }), {});
    const kept = await evidenceAt(db, 'node1', 7);
    assert.equal(kept?.event_log, toBase64(golden.log));
    assert.deepEqual([await historyOf(db, 'node1'), (await filesOf(db, 'node1')).size], [[], 0]);
    const again = (round: number, revision: number) =>
      db
        .transaction()
        .execute((tx) =>
          keepVerdicts(tx, { ...of, host: 'node1', round, revision, uptimeMs: 6, bootId: 'b', verdicts }),
        );
    assert.equal(await again(6, 9), false);
    assert.equal(await again(7, 4), true, 'judged anew by the standards of now');
    assert.equal((await historyOf(db, 'node1')).length, 1, 'where history begins');
    assert.equal(await again(8, 4), true);
    assert.equal((await historyOf(db, 'node1')).length, 1);
  },
);

eachDatabase('an empty database of the last release has no policy afterwards', async (url, t) => {
  await (await openDatabase<never>(url, migrations.slice(0, 2))).destroy();
  const db = await present(url, t);
  assert.deepEqual([await policiesInForce(db), await policyVersions(db, defaultPool)], [[], []]);
  assert.equal(await versionOf(db, 'standards'), 0);
});

test('on a fresh server, without a policy, a host that proves everything is unknown all the same', async (t) => {
  const host = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: host.cas, policy: null });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  peer.send(await host.answer(await host.greet(peer, 'node1')));
  assert.equal((await peer.expect('result')).trust, 'unknown');
  const { verdict, pools, verdicts } = await server.host('node1');
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['unknown', 'policy-missing']);
  assert.match(verdict.reason, /assay policy apply/);
  assert.deepEqual([pools, verdicts], [[defaultPool], []]);
});
