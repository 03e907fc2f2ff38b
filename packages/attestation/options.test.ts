import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AssayError } from '@assay/core';
import { loadConfig } from '@assay/daemon';
import { authBlobCheck, readAuthBlob } from './auth-blob.ts';
import { checkOptions, options } from './options.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'assay-options-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test('options an operator left out have the documented defaults', (t) => {
  const file = join(folder(t), 'assay.conf');
  writeFileSync(
    file,
    `[attestation_server]
tls_cert_file = server.pem
tls_key_file = server-key.pem
auth_blob_file = auth-blob
ticket_key_file = ticket-key.pem
database = sqlite:/var/lib/assay/attestation.db
`,
    { mode: 0o600 },
  );
  const { attestation_server: conf, warnings } = loadConfig([file], options);
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    [conf.listen, conf.port, conf.attestation_period, conf.verdict_lifetime, conf.challenge_timeout],
    ['127.0.0.1', 8443, 30, 90, 10],
  );
  assert.equal(conf.software_tpm_ca_dir, undefined);
  checkOptions(conf);
  assert.throws(() => checkOptions({ ...conf, verdict_lifetime: 30 }), { code: 'config-value' });
});

test('the database’s URL may hold a password, so it is kept like a secret', () => {
  assert.equal(options.attestation_server.database.secret, true);
});

test('T11 the server refuses a secret that is missing, empty, short, or readable by others', (t) => {
  const file = join(folder(t), 'auth-blob');
  assert.throws(() => readAuthBlob(file), { code: 'config-value' });
  for (const bad of ['', '\n', 'short', 'fifteen-letters', 'with a space in it', 'with\na second line'])
    assert.throws(
      () => {
        writeFileSync(file, bad, { mode: 0o600 });
        readAuthBlob(file);
      },
      (error) => {
        assert.ok(error instanceof AssayError);
        assert.equal(error.code, 'config-value');
        if (bad.length > 3) assert.ok(!error.message.includes(bad), 'the secret is not shown');
        return true;
      },
    );
  writeFileSync(file, 'sixteen-letters!\n');
  assert.equal(readAuthBlob(file), 'sixteen-letters!');
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(file, mode);
    assert.throws(() => readAuthBlob(file), { code: 'config-value' });
  }
  assert.equal(statSync(file).mode & 0o777, 0o660);
});

test('T09 only the whole secret is the secret', () => {
  const knows = authBlobCheck('sixteen-letters!');
  assert.equal(knows({ 'x-auth-blob': 'sixteen-letters!' }), true);
  assert.equal(knows({ auth_blob: 'sixteen-letters!' }), true);
  for (const wrong of ['', 'sixteen-letters', 'sixteen-letters!!', 'SIXTEEN-LETTERS!', 'x'.repeat(100_000)])
    assert.equal(knows({ 'x-auth-blob': wrong }), false);
  assert.equal(knows({}), false);
  // The first name that is there counts: a second guess in the same request is not looked at.
  assert.equal(knows({ 'x-auth-blob': 'wrong', auth_blob: 'sixteen-letters!' }), false);
});
