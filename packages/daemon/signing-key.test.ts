import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { signingKey } from './signing-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-signing-'));
after(() => rmSync(folder, { recursive: true }));

test('a key is made once, for its owner alone, and found again', () => {
  const file = join(folder, 'key.pem');
  const key = signingKey(file, '[section] key_file');
  assert.equal(key.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(signingKey(file, '[section] key_file').equals(key));
  chmodSync(file, 0o640);
  assert.throws(() => signingKey(file, '[section] key_file'), {
    code: 'config-value',
    where: `[section] key_file ${file}`,
  });
});

test('a file that is not such a key is refused and left alone', () => {
  const file = join(folder, 'other.pem');
  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const bad of ['', 'x', other.slice(0, 40), other]) {
    writeFileSync(file, bad, { mode: 0o600 });
    assert.throws(() => signingKey(file, '[section] key_file'), { code: 'config-value', hint: /move the file away/ });
    assert.equal(readFileSync(file, 'utf8'), bad);
  }
});
