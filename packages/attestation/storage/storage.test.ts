import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { defaultPool, type ReferenceValue, type Verdict } from '@assay/protocol';
import { findBootLog, lastBootLog } from './boot-logs.ts';
import { issueChallenge, takeLeftovers, useChallenge } from './challenges.ts';
import { checkFree, findEnrolment, keepEnrolment, keepState, leftBehind, type ProvedEnrolment } from './enrolments.ts';
import { keepEvidence } from './evidence.ts';
import { findHost, knownHosts, registerHost, removeHost } from './hosts.ts';
import { migrations } from './migrations/catalogue.ts';
import { addReferenceValues, readReferenceValues, referenceId } from './reference-values.ts';
import type { Db, EvidenceRow, HostRow, Schema } from './schema.ts';
import { keepVerdicts, readVerdicts } from './verdicts.ts';
import { countUp, versionOf } from './versions.ts';

const now = new Date('2026-11-23T10:00:00.000Z');

async function open(url: string, t: TestContext): Promise<Db> {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  return db;
}

async function register(db: Db, name: string, ekPin?: string): Promise<string> {
  return (await registerHost(db, { name, ekPin, now })).registration;
}

const enrolment = (host: string, registration: string, tpm = 'a', ak = 'aa'): ProvedEnrolment => ({
  host,
  registration,
  ek_sha256: tpm.repeat(64),
  ek_name: `000b${tpm.repeat(64)}`,
  ek_certificate: '',
  endorsement: '{}',
  ak_name: ak,
  ak_public: '',
  enrolled_at: now.toISOString(),
});
const enrol = (db: Db, row: ProvedEnrolment) => db.transaction().execute((tx) => keepEnrolment(tx, row));
const issue = (db: Db, asked = { host: 'node1', akName: 'aa', connection: 'c1' }) =>
  db.transaction().execute((tx) => issueChallenge(tx, { ...asked, counts: true }, now));

const verdict = (trust: Verdict['trust'], verifiedAt = now): Verdict => ({
  host: 'node1',
  pool: defaultPool,
  trust,
  reason: trust,
  components: [],
  findings: [],
  software_tpm: false,
  verified_at: verifiedAt.toISOString(),
  expires_at: new Date(verifiedAt.getTime() + 90_000).toISOString(),
});

const stored = (of: Verdict, round: number, { revision = 1, pools = [defaultPool] } = {}) => ({
  ...{ host: of.host, round, revision, uptimeMs: 5, bootId: 'b' },
  verdicts: pools.map((pool) => ({ ...of, pool })),
});
const keep = (db: Db, ...of: Parameters<typeof stored>) =>
  db.transaction().execute((tx) => keepVerdicts(tx, stored(...of)));
const current = async (db: Db) => (await readVerdicts(db)).stored[0]?.verdicts[0]?.trust;

eachDatabase('a host is registered once and found again', async (url, t) => {
  const db = await open(url, t);
  await register(db, 'node2');
  await register(db, 'node1');
  await assert.rejects(register(db, 'node1'), { code: 'host-exists' });
  assert.deepEqual(
    (await knownHosts(db)).map(({ name, enrolled_at }) => [name, enrolled_at]),
    [
      ['node1', null],
      ['node2', null],
    ],
  );
});

eachDatabase('E16 another TPM for an enrolled host is refused and the row stays', async (url, t) => {
  const db = await open(url, t);
  const registration = await register(db, 'node1');
  await enrol(db, enrolment('node1', registration));
  const before = await findEnrolment(db, 'node1');
  await assert.rejects(enrol(db, enrolment('node1', registration, 'b')), { code: 'enrol-host-taken' });
  assert.deepEqual(await findEnrolment(db, 'node1'), before);
  await enrol(db, enrolment('node1', registration, 'a', 'bb'));
  assert.equal((await findEnrolment(db, 'node1'))?.ak_name, 'bb');
});

eachDatabase('E17 of two enrolments at the same time exactly one wins', async (url, t) => {
  const db = await open(url, t);
  const registration = await register(db, 'node1');
  const results = await Promise.allSettled(
    [...'abcdef'].map((tpm) => enrol(db, enrolment('node1', registration, tpm))),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

eachDatabase('E20 one TPM is enrolled for one host, under either certificate', async (url, t) => {
  const db = await open(url, t);
  await enrol(db, enrolment('node1', await register(db, 'node1')));
  const second = enrolment('node2', await register(db, 'node2'));
  await assert.rejects(enrol(db, second), { code: 'enrol-ek-taken' });
  await assert.rejects(enrol(db, { ...second, ek_sha256: 'c'.repeat(64) }), { code: 'enrol-ek-taken' });
});

eachDatabase('a pinned host enrols with its own EK certificate only', async (url, t) => {
  const db = await open(url, t);
  const registration = await register(db, 'node1', 'a'.repeat(64));
  await assert.rejects(checkFree(db, enrolment('node1', registration, 'b')), { code: 'enrol-ek-pin' });
  await enrol(db, enrolment('node1', registration));
});

eachDatabase('E25 an enrolment begun before its host was removed is not stored after it', async (url, t) => {
  const db = await open(url, t);
  const registration = await register(db, 'node1');
  await removeHost(db, 'node1');
  await assert.rejects(enrol(db, enrolment('node1', registration)), { code: 'enrol-host-unknown' });
  await register(db, 'node1');
  await assert.rejects(enrol(db, enrolment('node1', registration)), { code: 'enrol-host-unknown' });
  assert.equal(await findEnrolment(db, 'node1'), undefined);
});

eachDatabase(
  'what the last evidence left behind is kept whole, and read as an earlier version stored it',
  async (url, t) => {
    const db = await open(url, t);
    await enrol(db, enrolment('node1', await register(db, 'node1')));
    const last = async () => (await leftBehind(db, 'node1')).state;
    assert.equal(await last(), undefined);
    const tpm = { clock: '5', reset_count: 3, restart_count: 0, safe: true, firmware_version: '1' };
    await db
      .updateTable('enrolments')
      .set({ last_quote: JSON.stringify(tpm) })
      .where('host', '=', 'node1')
      .execute();
    assert.deepEqual(await last(), { tpm });
    const ima = { list: { offset: 9, entries: 1, pcrs: { sha256: '00' } }, findings: [], misses: 0, tailEnd: 9 };
    await keepState(db, 'node1', 'bb', { tpm, ima });
    assert.deepEqual(await last(), { tpm }, 'another AK says nothing of this one');
    await keepState(db, 'node1', 'aa', { tpm, ima });
    assert.deepEqual(await last(), { tpm, ima });
  },
);

eachDatabase('Q05 a challenge is used once, also by many at the same time', async (url, t) => {
  const db = await open(url, t);
  await enrol(db, enrolment('node1', await register(db, 'node1')));
  const asked = { host: 'node1', akName: 'aa', connection: 'c1' };
  const { id } = await issue(db);
  const uses = await Promise.allSettled(Array.from({ length: 8 }, () => useChallenge(db, id, asked)));
  assert.equal(uses.filter(({ status }) => status === 'fulfilled').length, 1);
  await assert.rejects(useChallenge(db, id, asked), { code: 'challenge-unknown' });
});

eachDatabase('Q06 a challenge is answered by the host, key and connection it was sent to', async (url, t) => {
  const db = await open(url, t);
  await enrol(db, enrolment('node1', await register(db, 'node1')));
  const asked = { host: 'node1', akName: 'aa', connection: 'c1' };
  const { id } = await issue(db);
  for (const other of [{ host: 'node2' }, { akName: 'bb' }, { connection: 'c2' }])
    await assert.rejects(useChallenge(db, id, { ...asked, ...other }), { code: 'challenge-unknown' });
  assert.equal((await useChallenge(db, id, asked)).id, id);
});

eachDatabase('challenges are numbered, never twice the same nonce, and only for the enrolled key', async (url, t) => {
  const db = await open(url, t);
  await enrol(db, enrolment('node1', await register(db, 'node1')));
  const issued = await Promise.all(Array.from({ length: 5 }, () => issue(db)));
  assert.deepEqual(issued.map(({ round }) => round).sort(), [1, 2, 3, 4, 5]);
  assert.equal(new Set(issued.map(({ nonce }) => nonce)).size, 5);
  assert.equal(Buffer.from(issued[0]?.nonce ?? '', 'base64').length, 32);
  await assert.rejects(issue(db, { host: 'node1', akName: 'bb', connection: 'c1' }), { code: 'challenge-stale' });
  assert.equal((await takeLeftovers(db)).length, 5);
});

eachDatabase('an older round never replaces a later verdict, whatever the clock says', async (url, t) => {
  const db = await open(url, t);
  await register(db, 'node1');
  const kept = (round: number, of: Verdict) => keep(db, of, round);
  assert.equal(await kept(2, verdict('trusted')), true);
  assert.equal(await kept(1, verdict('untrusted', new Date(now.getTime() + 60_000))), false);
  assert.equal(await kept(2, verdict('unknown')), false);
  assert.equal(await current(db), 'trusted');
  assert.equal(await kept(3, verdict('untrusted', new Date(now.getTime() - 3_600_000))), true);
  assert.equal(await current(db), 'untrusted');
});

eachDatabase('removing a host removes all that is known of it', async (url, t) => {
  const db = await open(url, t);
  await enrol(db, enrolment('node1', await register(db, 'node1')));
  await issue(db);
  await keep(db, verdict('trusted'), 1);
  assert.equal(await removeHost(db, 'node1'), true);
  assert.equal(await removeHost(db, 'node1'), false);
  assert.equal(await findHost(db, 'node1'), undefined);
  assert.equal(await findEnrolment(db, 'node1'), undefined);
  assert.deepEqual(await takeLeftovers(db), []);
  assert.deepEqual((await readVerdicts(db)).stored, []);
  assert.equal(await keep(db, verdict('trusted'), 2), false);
});

eachDatabase('a boot log is kept once, for as long as the evidence of some host has it', async (url, t) => {
  const db = await open(url, t);
  for (const host of ['node1', 'node2']) await register(db, host);
  const keep = async (host: string, round: number, sha256: string | null, log?: string) => {
    const at = { nonce: '', ak_name: 'aa', claimed: '{}', received_at: now.toISOString() };
    const asked = { wanted: '[]', previous: null, ima_asked: 0, tags: null };
    const row = { host, round, ...at, ...asked, event_log_sha256: sha256 };
    const before = await lastBootLog(db, host);
    await db.transaction().execute((tx) => keepEvidence(tx, row, { before, log }));
  };
  const kept = async () => {
    const rows = await db.selectFrom('boot_logs').select('sha256').orderBy('sha256').execute();
    return rows.map(({ sha256 }) => sha256);
  };
  await keep('node1', 1, 'a', 'AAAA');
  await keep('node2', 1, 'a', 'AAAA');
  await keep('node1', 2, 'a');
  assert.deepEqual([await kept(), await findBootLog(db, 'a')], [['a'], 'AAAA']);
  await keep('node1', 3, 'b', 'BBBB');
  assert.deepEqual(await kept(), ['a', 'b']);
  await keep('node1', 2, 'c', 'CCCC');
  assert.deepEqual(
    [await kept(), await lastBootLog(db, 'node1')],
    [['a', 'b'], 'b'],
    'an earlier round leaves nothing',
  );
  await keep('node1', 4, null);
  assert.deepEqual(await kept(), ['a']);
  await removeHost(db, 'node2');
  assert.deepEqual(await kept(), []);
});

eachDatabase('evidence of the earlier version is still there', async (url, t) => {
  const old = await openDatabase<Schema>(url, migrations.slice(0, 1));
  const registered = { name: 'node1', registration: 'r', registered_at: 'x', ek_pin: null, last_round: 0 };
  await old
    .insertInto('hosts')
    .values(registered as HostRow)
    .execute();
  const row = { host: 'node1', round: 1, nonce: '', ak_name: 'aa', claimed: '{"event_log":"AA=="}', received_at: 'x' };
  await old
    .insertInto('evidence')
    .values(row as EvidenceRow)
    .execute();
  await old.destroy();
  const db = await open(url, t);
  const added = { event_log_sha256: null, wanted: null, previous: null, ima_asked: null, tags: null };
  assert.deepEqual(await db.selectFrom('evidence').selectAll().execute(), [{ ...row, ...added }]);
  assert.equal(await lastBootLog(db, 'node1'), undefined);
  assert.equal((await findHost(db, 'node1'))?.registration, 'r');
});

eachDatabase('a verdict that cannot be read spoils no other', async (url, t) => {
  const db = await open(url, t);
  for (const name of ['node1', 'node2']) {
    await register(db, name);
    await keep(db, { ...verdict('trusted'), host: name }, 1);
  }
  await db.updateTable('verdicts').set({ verdict: '{"trust":"yes"}' }).where('host', '=', 'node1').execute();
  const read = await readVerdicts(db);
  assert.deepEqual(read.unreadable, ['node1']);
  assert.deepEqual(
    read.stored.map(({ host }) => host),
    ['node2'],
  );
});

eachDatabase('a reference value is stored once, whatever else is said of it', async (url, t) => {
  const db = await open(url, t);
  const event = { pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', digests: { sha256: 'ab' }, description: 'kernel' };
  const said = { component: 'hypervisor', content: { form: 'sequence' as const, events: [event] } };
  const value: ReferenceValue = {
    ...{ id: referenceId(said), ...said, state: 'current', by: 'ann', added_at: now.toISOString() },
    source: { kind: 'host', name: 'node1' },
  };
  const add = (of: ReferenceValue) => db.transaction().execute((tx) => addReferenceValues(tx, [of]));
  assert.deepEqual(await add(value), [value]);
  assert.deepEqual(await add({ ...value, by: 'bob', name: 'linux' }), []);
  assert.deepEqual(await readReferenceValues(db), [value]);
});

eachDatabase('each change has a number of its own, also of many at the same time', async (url, t) => {
  const db = await open(url, t);
  assert.equal(await versionOf(db, 'standards'), 0);
  const count = () => db.transaction().execute((tx) => countUp(tx, 'standards'));
  assert.deepEqual((await Promise.all(Array.from({ length: 5 }, count))).sort(), [1, 2, 3, 4, 5]);
  assert.equal(await versionOf(db, 'standards'), 5);
  assert.equal(await versionOf(db, 'journal'), 0);
});
