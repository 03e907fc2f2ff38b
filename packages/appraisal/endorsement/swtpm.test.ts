// The EK certificates of a real software TPM, made by swtpm_setup with swtpm's own local CA.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTpm } from '@assay/tpm';
import { startTestTpm } from '@assay/tpm/testing';
import { checkAk } from '../quote/ak.ts';
import { checkEndorsement } from './endorsement.ts';
import { trustStoreFrom } from './trust-store.ts';

test('a manufactured software TPM is endorsed by issuing CA and root, for RSA and ECC, and by nothing less', async (t) => {
  const swtpm = await startTestTpm();
  t.after(() => swtpm.stop());
  const tpm = await openTpm(swtpm.spec);
  t.after(() => tpm.close());
  const files = swtpm.ekCaPems.map((text, i) => ({ file: `ca-${i}.pem`, text, kind: 'software' as const }));
  for (const profile of ['rsa2048', 'ecc384'] as const) {
    const certificate = await tpm.readEkCertificate(profile);
    const { publicArea } = await tpm.createEk(profile);
    const endorsement = checkEndorsement(certificate, publicArea, [], trustStoreFrom(files), new Date());
    assert.equal(endorsement.software, true);
    assert.equal(endorsement.issuer, 'CN=swtpm-localca');
    assert.equal(endorsement.anchor, 'CN=swtpm-localca-rootca');
    for (const alone of [files.slice(0, 1), files.slice(1), []])
      assert.throws(() => checkEndorsement(certificate, publicArea, [], trustStoreFrom(alone), new Date()), {
        code: 'ek-issuer-unknown',
      });
  }
  const ak = await tpm.createAk();
  assert.deepEqual(Buffer.from(checkAk(ak.publicArea).name), Buffer.from(ak.name));
});
