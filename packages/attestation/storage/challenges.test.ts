import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '@assay/daemon/storage';
import { issueChallenge } from './challenges.ts';
import { keepEnrolment } from './enrolments.ts';
import { registerHost } from './hosts.ts';
import { migrations } from './migrations/catalogue.ts';
import type { Schema } from './schema.ts';

const now = new Date('2026-11-23T10:00:00.000Z');

test('Q04 no two of 10,000 challenges are alike, nor share any byte of them all', async (t) => {
  const db = await openDatabase<Schema>('sqlite::memory:', migrations);
  t.after(() => db.destroy());
  const { registration } = await registerHost(db, { name: 'node1', ekPin: undefined, now });
  const keys = { ek_sha256: 'a'.repeat(64), ek_name: 'a', ek_certificate: '', ak_name: 'aa', ak_public: '' };
  const enrolled = { host: 'node1', registration, endorsement: '{}', enrolled_at: now.toISOString(), ...keys };
  const nonces = await db.transaction().execute(async (tx) => {
    await keepEnrolment(tx, enrolled);
    const all: Buffer[] = [];
    for (let i = 0; i < 10_000; i++) {
      const asked = { host: 'node1', akName: 'aa', connection: 'c1', counts: true };
      all.push(Buffer.from((await issueChallenge(tx, asked, now)).nonce, 'base64'));
    }
    return all;
  });
  assert.equal(new Set(nonces.map((nonce) => nonce.toString('hex'))).size, 10_000);
  for (let at = 0; at < 32; at++) assert.equal(new Set(nonces.map((nonce) => nonce[at])).size, 256, `byte ${at}`);
});
