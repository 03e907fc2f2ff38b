// Enrolment by itself, without a connection: TPMs of keys in memory, both databases.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import { trustStoreFrom } from '@assay/appraisal';
import { makeCa, rocaModulus, rsaAkPublic, type SoftwareTpm, softwareTpm } from '@assay/appraisal/testing';
import { AssayError, encode } from '@assay/core';
import { systemClock } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { type Enrol, fromBase64, type ServerFrame, toBase64 } from '@assay/protocol';
import { nameOf, Public } from '@assay/tpm/structures';
import { findEnrolment, keepEnrolment } from '../storage/enrolments.ts';
import { registerHost, removeHost } from '../storage/hosts.ts';
import { migrations } from '../storage/migrations/catalogue.ts';
import type { Db, Schema } from '../storage/schema.ts';
import { beginEnrolment } from './enrol.ts';

const ca = makeCa('Vendor');
const trust = trustStoreFrom([{ file: 'ca.pem', text: ca.pem, kind: 'hardware' }]);
/** Two TPMs of the vendor; the third is the first with another AK. */
const [one, two, again] = [softwareTpm({ ca, freshEk: true }), softwareTpm({ ca }), softwareTpm({ ca })];

async function world(url: string, t: TestContext) {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const needs = { db, clock: systemClock, trustStore: () => trust };
  await register(db, 'node1');
  return {
    db,
    begin: (host: string, frame: Enrol) => beginEnrolment(needs, host, frame),
    async enrol(host: string, tpm: SoftwareTpm): Promise<string> {
      const pending = await beginEnrolment(needs, host, frameOf(tpm));
      return await pending.prove(secretOf(tpm, pending.credential));
    },
    akOf: async (host: string) => (await findEnrolment(db, host))?.ak_name,
  };
}

const register = async (db: Db, name: string) =>
  (await registerHost(db, { name, ekPin: undefined, now: new Date() })).registration;
const frameOf = ({ ekCertificate, ekPublic, akPublic }: SoftwareTpm): Enrol => ({
  type: 'enrol',
  ek_certificate: toBase64(ekCertificate),
  ek_public: toBase64(ekPublic),
  ak_public: toBase64(akPublic),
});
/** What TPM2_ActivateCredential gives. */
function secretOf(tpm: SoftwareTpm, credential: ServerFrame): string {
  assert.ok(credential.type === 'credential');
  const [blob, secret] = [fromBase64(credential.credential_blob, 'x'), fromBase64(credential.secret, 'x')];
  return toBase64(tpm.activate(blob, secret));
}
const nameHex = ({ akPublic }: SoftwareTpm) => nameOf(akPublic).toHex();

eachDatabase(
  'E10 E11 enrolled is the key whose name the credential was made for, computed from its public area',
  async (url, t) => {
    const { begin, akOf } = await world(url, t);
    const lying = { ...frameOf(two), ak_name: nameHex(one) } as Enrol;
    const pending = await begin('node1', lying);
    assert.equal(await pending.prove(secretOf(two, pending.credential)), nameHex(two));
    assert.equal(await akOf('node1'), nameHex(two));
  },
);

eachDatabase('E10 the answer to the credential of one key does not enrol another', async (url, t) => {
  const { begin, akOf } = await world(url, t);
  const first = await begin('node1', frameOf(two));
  const second = await begin('node1', frameOf({ ...two, akPublic: again.akPublic }));
  await assert.rejects(first.prove(secretOf(again, second.credential)), { code: 'enrol-activation' });
  assert.equal(await akOf('node1'), undefined);
  assert.throws(() => secretOf(again, first.credential), { code: 'tpm-rc-integrity' });
});

eachDatabase('Q21 a key that is not in the TPM of the certificate cannot be enrolled', async (url, t) => {
  const { begin, enrol, akOf } = await world(url, t);
  const stranger = { ...frameOf(two), ak_public: toBase64(one.akPublic) };
  const pending = await begin('node1', stranger);
  assert.throws(() => secretOf(two, pending.credential), { code: 'tpm-rc-integrity' });
  assert.equal(await akOf('node1'), undefined);
  assert.equal(await enrol('node1', two), nameHex(two));
});

eachDatabase('E14 no answer tells the secret that was expected', async (url, t) => {
  const { begin } = await world(url, t);
  const pending = await begin('node1', frameOf(two));
  const secret = secretOf(two, pending.credential);
  const near = Buffer.from(secret, 'base64');
  near[31] = (near[31] ?? 0) ^ 1;
  const told: string[] = [];
  for (const wrong of [toBase64(near), '', toBase64(near.subarray(0, 31))])
    await assert.rejects(pending.prove(wrong), (error) => {
      assert.ok(error instanceof AssayError);
      assert.equal(error.code, 'enrol-activation');
      told.push(error.message);
      const everything = JSON.stringify([error.message, error.expected, error.got, error.hint, String(error.stack)]);
      for (const form of [secret, Buffer.from(secret, 'base64').toString('hex'), toBase64(near)])
        assert.ok(!everything.includes(form));
      return true;
    });
  assert.equal(new Set(told).size, 1, 'nor how near an answer was');
});

eachDatabase('E15 a credential has one try', async (url, t) => {
  const { begin, enrol, akOf } = await world(url, t);
  const pending = await begin('node1', frameOf(two));
  const right = secretOf(two, pending.credential);
  await assert.rejects(pending.prove(toBase64(new Uint8Array(32))), { code: 'enrol-activation' });
  await assert.rejects(pending.prove(right), { code: 'enrol-activation' });
  assert.equal(await akOf('node1'), undefined);
  const next = await begin('node1', frameOf(two));
  await assert.rejects(next.prove(right), { code: 'enrol-activation' }, 'another credential, another secret');
  assert.equal(await enrol('node1', two), nameHex(two));
});

eachDatabase('E16 another TPM does not take an enrolled host’s place, however late it is enrolled', async (url, t) => {
  const { db, begin, enrol } = await world(url, t);
  const early = await begin('node1', frameOf(one));
  await enrol('node1', two);
  const before = await findEnrolment(db, 'node1');
  await assert.rejects(early.prove(secretOf(one, early.credential)), { code: 'enrol-host-taken' });
  await assert.rejects(begin('node1', frameOf(one)), { code: 'enrol-host-taken' });
  assert.deepEqual(await findEnrolment(db, 'node1'), before);
});

eachDatabase('E17 of two TPMs that enrol for one host at the same time exactly one wins, each time', async (url, t) => {
  const { db, begin, akOf } = await world(url, t);
  for (let round = 0; round < 10; round++) {
    await removeHost(db, 'node1');
    await register(db, 'node1');
    const results = await Promise.allSettled(
      [one, two].map(async (tpm) => {
        const pending = await begin('node1', frameOf(tpm));
        return await pending.prove(secretOf(tpm, pending.credential));
      }),
    );
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    assert.deepEqual(won, [await akOf('node1')]);
    for (const result of results)
      if (result.status === 'rejected') assert.match(result.reason.code, /^enrol-(host|ek)-taken$/);
  }
});

eachDatabase('E17 a thousand races for one host or one TPM have one winner each', async (url, t) => {
  const { db } = await world(url, t);
  const registrations = [await register(db, 'a'), await register(db, 'b')] as const;
  const row = (host: 'a' | 'b', tpm: string) => ({
    host,
    registration: registrations[host === 'a' ? 0 : 1],
    ek_sha256: tpm,
    ek_name: tpm,
    ek_certificate: '',
    endorsement: '{}',
    ak_name: tpm,
    ak_public: '',
    enrolled_at: '2026-11-23T10:00:00.000Z',
  });
  const keep = (...given: Parameters<typeof row>) => db.transaction().execute((tx) => keepEnrolment(tx, row(...given)));
  for (let race = 0; race < 1000; race++) {
    const rivals = race % 2 ? [keep('a', 'x'), keep('a', 'y')] : [keep('a', 'x'), keep('b', 'x')];
    const results = await Promise.allSettled(rivals);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], `race ${race}`);
    assert.equal((await db.deleteFrom('enrolments').returning('host').execute()).length, 1);
  }
});

eachDatabase('E20 one TPM does not become two hosts', async (url, t) => {
  const { db, begin, enrol, akOf } = await world(url, t);
  await register(db, 'node2');
  const early = await begin('node2', frameOf(two));
  await enrol('node1', two);
  await assert.rejects(early.prove(secretOf(two, early.credential)), { code: 'enrol-ek-taken' });
  await assert.rejects(begin('node2', frameOf(two)), { code: 'enrol-ek-taken' });
  assert.deepEqual([await akOf('node1'), await akOf('node2')], [nameHex(two), undefined]);
});

eachDatabase('E21 enrolling again takes nothing from a host before the same TPM proved the new key', async (url, t) => {
  const { db, begin, akOf } = await world(url, t);
  const first = await begin('node1', frameOf(two));
  await first.prove(secretOf(two, first.credential));
  const before = await findEnrolment(db, 'node1');
  const newer = { ...two, akPublic: again.akPublic };
  const pending = await begin('node1', frameOf(newer));
  assert.deepEqual(await findEnrolment(db, 'node1'), before, 'asked for');
  await assert.rejects(pending.prove(toBase64(new Uint8Array(32))), { code: 'enrol-activation' });
  assert.deepEqual(await findEnrolment(db, 'node1'), before, 'tried');
  const proved = await begin('node1', frameOf(newer));
  await proved.prove(secretOf(again, proved.credential));
  assert.equal(await akOf('node1'), nameHex(again));
});

eachDatabase('E25 a host that is removed while it enrols stays removed, and so does its key', async (url, t) => {
  const { db, begin, enrol, akOf } = await world(url, t);
  const pending = await begin('node1', frameOf(two));
  const secret = secretOf(two, pending.credential);
  await removeHost(db, 'node1');
  await register(db, 'node1');
  await assert.rejects(pending.prove(secret), { code: 'enrol-host-unknown' });
  assert.equal(await akOf('node1'), undefined);
  await removeHost(db, 'node1');
  await assert.rejects(begin('node1', frameOf(two)), { code: 'enrol-host-unknown' });
  await register(db, 'node1');
  assert.equal(await enrol('node1', two), nameHex(two));
});

eachDatabase('E26 nothing an enrolment keeps is secret', async (url, t) => {
  const { db, begin } = await world(url, t);
  const pending = await begin('node1', frameOf(two));
  const secret = secretOf(two, pending.credential);
  await pending.prove(secret);
  const stored = JSON.stringify([
    await db.selectFrom('enrolments').selectAll().execute(),
    await db.selectFrom('hosts').selectAll().execute(),
  ]);
  assert.ok(stored.includes(nameHex(two)));
  for (const form of [secret, Buffer.from(secret, 'base64').toString('hex')]) assert.ok(!stored.includes(form));
});

eachDatabase('Q18 an AK that can be factored is not enrolled, an RSA AK of another kind is', async (url, t) => {
  const { begin } = await world(url, t);
  const area = rsaAkPublic(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
  const frame = (ak: typeof area) => ({ ...frameOf(two), ak_public: toBase64(encode(Public, ak)) });
  assert.equal((await begin('node1', frame(area))).credential.type, 'credential');
  await assert.rejects(begin('node1', frame({ ...area, unique: rocaModulus(3n) })), { code: 'ak-roca' });
});
