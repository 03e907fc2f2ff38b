import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEndorsement, trustStoreFrom } from '@assay/appraisal';
import { issueRevocationList, makeCa, softwareTpm } from '@assay/appraisal/testing';
import { toBase64 } from '@assay/protocol';
import { presentEndorsement } from './present-endorsement.ts';

const ca = makeCa('Vendor');
const { ekCertificate, ekPublic } = softwareTpm({ ca });
const now = new Date();
const day = 24 * 3600_000;
const inDays = (days: number) => new Date(now.getTime() + days * day);
const files = [{ file: 'ca.pem', text: ca.pem, kind: 'hardware' as const }];
const listed = trustStoreFrom(files);
const endorsement = checkEndorsement(ekCertificate, ekPublic, [], listed, now);
const enrolled = {
  ek_sha256: endorsement.ek_sha256,
  ek_certificate: toBase64(ekCertificate),
  endorsement: JSON.stringify(endorsement),
};
const withList = (thisUpdate: Date, nextUpdate: Date) => ({
  file: `${thisUpdate.getTime()}.crl`,
  bytes: issueRevocationList({ issuer: ca, thisUpdate, nextUpdate }),
});
const codeAt = (store: typeof listed, at: Date) => presentEndorsement(store, enrolled, at).withdrawn?.code;

test('an endorsement that holds is not computed twice under one store, and anew under another', () => {
  const first = presentEndorsement(listed, enrolled, now);
  assert.deepEqual(first, { endorsement, withdrawn: undefined });
  assert.equal(presentEndorsement(listed, enrolled, inDays(1)), first);
  assert.equal(codeAt(trustStoreFrom([]), now), 'ek-issuer-unknown');
  const relabelled = trustStoreFrom(files.map((file) => ({ ...file, kind: 'virtual' as const })));
  assert.equal(presentEndorsement(relabelled, enrolled, now).endorsement.virtual, true);
});

test('E04 an endorsement falls at the instant its revocation list is too old, though nothing else changed', () => {
  const store = trustStoreFrom(files, [withList(inDays(-1), inDays(2)), withList(inDays(-9), inDays(-8))]);
  const end = Math.floor(inDays(2).getTime() / 1000) * 1000; // certificates know no milliseconds
  assert.equal(codeAt(store, now), undefined);
  assert.equal(codeAt(store, new Date(end)), undefined);
  assert.equal(codeAt(store, new Date(end + 1)), 'ek-crl-stale');
  assert.equal(codeAt(store, now), undefined, 'and a clock that was set back is believed as before');
});

test('another certificate or finding of the same host is looked at by itself', () => {
  assert.equal(codeAt(listed, now), undefined);
  const other = softwareTpm({ ca: makeCa('Vendor') });
  const changed = { ...enrolled, ek_sha256: 'other', ek_certificate: toBase64(other.ekCertificate) };
  assert.equal(presentEndorsement(listed, changed, now).withdrawn?.code, 'ek-issuer-unknown');
});
