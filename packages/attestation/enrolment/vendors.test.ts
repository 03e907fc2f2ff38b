import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEndorsement, trustStoreFrom } from '@assay/appraisal';
import { softwareTpm } from '@assay/appraisal/testing';
import { hardwareVendors, vendorCas, vendors } from './vendors.ts';

const folder = join(import.meta.dirname, 'vendors');
const all = vendorCas(Object.keys(vendors));
const store = trustStoreFrom(all);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('C05 every file of the set is listed with its fingerprint, and there is no other', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.pem'));
  const listed = Object.values(vendors).flatMap((vendor) => Object.keys(vendor.files));
  assert.deepEqual(listed.toSorted(), files.toSorted());
  assert.equal(files.length, 51);
  assert.equal(store.authorities.length, 45, 'six of them are there twice');
  const certificates = files.flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/-----BEGIN/g)]);
  assert.equal(certificates.length, 51, 'one in each');
});

test('C05 nobody’s test CA is among them', () => {
  for (const { subjectText } of store.authorities)
    assert.doesNotMatch(subjectText, /test|swtpm|simulator|example|lab\b/i);
  const { ekCertificate, ekPublic } = softwareTpm();
  assert.throws(() => checkEndorsement(ekCertificate, ekPublic, [], store, new Date()), { code: 'ek-issuer-unknown' });
});

test('C05 a file that was exchanged for another is not read as the one it was', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'assay-vendors-'));
  t.after(() => rmSync(copy, { recursive: true }));
  cpSync(folder, copy, { recursive: true });
  assert.equal(vendorCas(['NTC'], copy).length, 7);
  for (const other of [softwareTpm().ca.pem, readFileSync(join(copy, 'NTC2.pem')), '']) {
    writeFileSync(join(copy, 'NTC1.pem'), other);
    assert.throws(() => vendorCas(['NTC'], copy), { code: 'trust-store-vendor', where: join(copy, 'NTC1.pem') });
  }
});

test('the table in the set’s README says what the files say', () => {
  const rows = Object.entries(vendors).flatMap(([id, { files }]) =>
    Object.entries(files).map(([name, fingerprint]) => {
      const one = store.authorities.find(({ der }) => sha256(der) === fingerprint);
      assert.ok(one, name);
      const [, unit, common] = /(?:OU=([^,]*), )?CN=([^,]*)/.exec(one.subjectText) ?? [];
      const subject = common === 'www.intel.com' ? unit : common; // Intel’s names differ in their unit alone
      return `| ${id} | ${subject} | ${one.notAfter.toISOString().slice(0, 10)} | \`${name}\` | \`${fingerprint}\` |`;
    }),
  );
  const written = readFileSync(join(folder, 'README.md'), 'utf8').split('\n');
  assert.deepEqual(written.filter((line) => /^\| [A-Z]+ \|/.test(line)).toSorted(), rows.toSorted());
});

test('each of them is a CA that leads to an anchor of its vendor, also where vendors still signed with SHA-1', () => {
  const anchored = new Set<string>();
  for (const [id, vendor] of Object.entries(vendors)) {
    const own = trustStoreFrom(vendorCas([id]));
    for (const [name, fingerprint] of Object.entries(vendor.files)) {
      const one = own.authorities.find(({ der }) => sha256(der) === fingerprint);
      assert.ok(one, name);
      assert.equal(one.extensions.get('2.5.29.19')?.critical, true, name);
      if (name === 'GS_TPM_RT.pem') continue; // above ST’s anchor, below none
      const path = pathFrom(one, own.authorities);
      assert.ok(path.at(-1)?.anchor, `${name} leads to ${path.at(-1)?.subjectText}`);
      anchored.add(fingerprint);
    }
  }
  assert.equal(anchored.size, 44);
});

test('an anchor is signed by itself or by one of the set, but for four whose issuer is not published with them', () => {
  const topless = store.authorities.filter((one) => !store.authorities.some((other) => verified(other, one)));
  assert.deepEqual(topless.map(({ subjectText }) => /CN=(.*)$/.exec(subjectText)?.[1]).toSorted(), [
    'Aliyun TPM EKMF CA',
    'IFX TPM EK Root CA',
    'Nationz TPM Manufacturing CA 001',
    'STM TPM ECC Root CA 01',
  ]);
  assert.ok(topless.every(({ anchor }) => anchor));
});

test('E09 the vTPM of a cloud is not believed unless it is named, and is labelled then', () => {
  assert.deepEqual([...hardwareVendors].toSorted(), ['IFX', 'INTC', 'NTC', 'NTZ', 'STM']);
  const byDefault = trustStoreFrom(vendorCas(hardwareVendors));
  assert.ok(byDefault.authorities.every(({ kind }) => kind === 'hardware'));
  assert.ok(!byDefault.authorities.some(({ subjectText }) => /Aliyun/.test(subjectText)));
  assert.deepEqual(
    trustStoreFrom(vendorCas(['ALIYUN'])).authorities.map(({ kind }) => kind),
    ['virtual'],
  );
});

test('what GlobalSign signed for others does not speak for ST', () => {
  const root = trustStoreFrom(vendorCas(['STM'])).authorities.find(({ subjectText }) => /GlobalSign/.test(subjectText));
  assert.ok(root);
  assert.equal(root.anchor, false);
});

test('a vendor nobody knows is an error that names the option and who is known', () => {
  for (const id of ['AMD', 'ifx', '', '__proto__', 'constructor'])
    assert.throws(() => vendorCas([id]), { code: 'config-value', where: '[attestation_server] ek_vendors' });
  assert.deepEqual(vendorCas([]), []);
});

type Authority = (typeof store.authorities)[number];
/** By OpenSSL, which reads certificates in its own way. */
const verified = (issuer: Authority, one: Authority) =>
  Buffer.compare(issuer.subject, one.issuer) === 0 &&
  new X509Certificate(one.der).verify(new X509Certificate(issuer.der).publicKey);

function pathFrom(first: Authority, known: readonly Authority[]): Authority[] {
  const path = [first];
  for (let current = first; !current.anchor && path.length < 5; path.push(current)) {
    const issuer = known.find((other) => other !== current && verified(other, current));
    if (!issuer) break;
    current = issuer;
  }
  return path;
}
