import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkEndorsement, type TrustStore } from '@assay/appraisal';
import { issueRevocationList, makeCa, pemOf, type SoftwareTpm, softwareTpm } from '@assay/appraisal/testing';
import { createLog } from '@assay/daemon';
import { testClock } from '@assay/daemon/testing';
import { type TrustOptions, trustFolders } from './trust-folders.ts';

const clock = testClock();
const around = { clock, log: createLog('test', 'silent') };

const nothing: TrustOptions = {
  ek_vendors: [],
  ek_ca_dir: undefined,
  virtual_tpm_ca_dir: undefined,
  software_tpm_ca_dir: undefined,
  ek_crl_dir: undefined,
};
const tpm = softwareTpm({ ca: makeCa('Vendor of the test') });
const endorse = (store: TrustStore, { ekCertificate, ekPublic }: SoftwareTpm = tpm) =>
  checkEndorsement(ekCertificate, ekPublic, [], store, new Date());

function folders(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'assay-trust-'));
  t.after(() => rmSync(root, { recursive: true }));
  let ticks = 0;
  return {
    folder(name: string): string {
      mkdirSync(join(root, name));
      return join(root, name);
    },
    /** Each time a second later than the last, as a person would. */
    write(file: string, contents: string | Uint8Array): void {
      writeFileSync(file, contents);
      utimesSync(file, 1000, 1000 + ++ticks);
    },
  };
}

test('a CA counts for what the folder it lies in is for', (t) => {
  const { folder, write } = folders(t);
  const labels = { ek_ca_dir: 'hardware', virtual_tpm_ca_dir: 'virtual', software_tpm_ca_dir: 'software' };
  for (const [option, label] of Object.entries(labels)) {
    const dir = folder(option);
    write(join(dir, 'ca.pem'), tpm.ca.pem);
    write(join(dir, 'notes.txt'), 'nothing of interest');
    const { software, virtual } = endorse(trustFolders({ ...nothing, [option]: dir }, around).present());
    assert.equal(software ? 'software' : virtual ? 'virtual' : 'hardware', label);
  }
});

test('the vendors’ CAs are there without any folder, and only those that are named', () => {
  const subjects = (ek_vendors: string[]) =>
    trustFolders({ ...nothing, ek_vendors }, around)
      .present()
      .authorities.map(({ subjectText }) => subjectText);
  assert.deepEqual(subjects([]), []);
  assert.ok(subjects(['INTC']).every((subject) => /Intel/.test(subject)));
  assert.equal(subjects(['INTC', 'NTC']).length, 9);
});

test('a CA or list that is added later counts without a restart', (t) => {
  const { folder, write } = folders(t);
  const options = { ...nothing, ek_ca_dir: folder('ca'), ek_crl_dir: folder('crl') };
  const bystander = makeCa('Bystander');
  write(join(options.ek_ca_dir, 'bystander.pem'), bystander.pem);
  write(join(options.ek_crl_dir, 'bystander.crl'), issueRevocationList({ issuer: bystander }));
  const { present: store, held } = trustFolders(options, around);
  assert.throws(() => endorse(store()), { code: 'ek-issuer-unknown' });
  write(join(options.ek_ca_dir, 'ca.pem'), tpm.ca.pem);
  endorse(store());
  const list = (serial: number) =>
    issueRevocationList({ issuer: tpm.ca, revoked: [{ serial: Uint8Array.of(serial) }] });
  write(join(options.ek_crl_dir, 'ca.crl'), list(7));
  endorse(store());
  write(join(options.ek_crl_dir, 'ca.crl'), list(1));
  assert.throws(() => endorse(store()), { code: 'ek-revoked' });
  assert.equal(store(), store(), 'nothing is read again unless something changed');
  const before = store();
  write(join(options.ek_ca_dir, 'ca.pem'), tpm.ca.pem.slice(0, 100)); // half copied
  assert.throws(() => store(), { code: 'trust-store-pem' });
  clock.pass(1000);
  assert.equal(held(), before, 'what was there before goes on counting');
  write(join(options.ek_ca_dir, 'ca.pem'), tpm.ca.pem);
  assert.equal(held(), before, 'up to a second old');
  clock.pass(1000);
  assert.notEqual(held(), before);
});

test('E04 a folder for revocation lists that has none, or anything else in it, keeps the server from starting', (t) => {
  const { folder, write } = folders(t);
  const options = { ...nothing, ek_ca_dir: folder('ca'), ek_crl_dir: folder('crl') };
  const file = join(options.ek_crl_dir, 'ca.crl');
  write(join(options.ek_ca_dir, 'ca.pem'), tpm.ca.pem);
  assert.throws(() => trustFolders(options, around), { code: 'trust-store-folder' });
  const list = issueRevocationList({ issuer: tpm.ca });
  for (const good of [list, pemOf(list, 'X509 CRL')]) {
    write(file, good);
    endorse(trustFolders(options, around).present());
  }
  const forged = issueRevocationList({ issuer: makeCa('Vendor of the test') });
  for (const bad of ['', '<html>404 Not Found</html>', tpm.ca.pem, list.subarray(0, -1), forged]) {
    write(file, bad);
    assert.throws(() => trustFolders(options, around), { code: 'trust-store-crl', where: file });
  }
});

test('a folder that is not there keeps the server from starting, whichever it is', () => {
  for (const option of ['ek_ca_dir', 'virtual_tpm_ca_dir', 'software_tpm_ca_dir', 'ek_crl_dir'] as const)
    assert.throws(
      () => trustFolders({ ...nothing, [option]: join(tmpdir(), 'assay-no-such-folder') }, around),
      (error: Error) => {
        assert.match(error.message, new RegExp(`${option} .*ENOENT`));
        return true;
      },
    );
});
