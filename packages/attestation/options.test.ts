import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '@assay/daemon';
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
    [conf.listen, conf.port, conf.oat_port, conf.attestation_period, conf.verdict_lifetime, conf.challenge_timeout],
    ['127.0.0.1', 8443, 8181, 30, 90, 10],
  );
  assert.equal(conf.software_tpm_ca_dir, undefined);
  assert.equal(conf.read_only_auth_blob_file, undefined);
  checkOptions(conf);
  assert.throws(() => checkOptions({ ...conf, verdict_lifetime: 30 }), { code: 'config-value' });
});

test('the database’s URL may hold a password, so it is kept like a secret', () => {
  assert.equal(options.attestation_server.database.secret, true);
});
