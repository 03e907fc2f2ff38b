import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { allowedByDefault, allowedFindings, type FindingCode, findingCatalogue, kindOf } from './catalogue.ts';

const all = Object.entries(findingCatalogue);

test('each finding says what it means and what to do, and only some may be allowed, with a reason', () => {
  for (const [code, { meaning, remedy, allowable }] of all) {
    assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const text of [meaning, remedy, allowable ?? 'Nothing.']) assert.ok(text.length > 5, code);
    assert.match(meaning, /\.$/, code);
  }
  assert.equal(kindOf('no-such-finding'), undefined);
  assert.equal(kindOf('constructor'), undefined);
});

test('what proves nothing any more may not be allowed, and is refused with the codes that may', () => {
  const never: FindingCode[] = ['quote-signature', 'log-replay-mismatch', 'ima-list-mismatch', 'measurement-unknown'];
  for (const code of [...never, 'no-such-finding', ''])
    assert.throws(() => allowedFindings([code], 'policy default: allowed_findings'), {
      code: 'policy-value',
      where: 'policy default: allowed_findings',
    });
  assert.deepEqual(allowedFindings(['ima-violation', 'boot-call-missing'], 'x'), [
    'ima-violation',
    'boot-call-missing',
  ]);
  assert.deepEqual(allowedFindings([], 'x'), []);
});

test('what is allowed by default may be allowed', () => {
  assert.ok(allowedByDefault.includes('boot-direct-kernel'));
  assert.deepEqual(allowedFindings(allowedByDefault, 'x'), allowedByDefault);
});

test('each finding of the catalogue is found somewhere', () => {
  const packages = fileURLToPath(new URL('../..', import.meta.url));
  const sources = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      /^(appraisal|attestation|daemon|measurement|tpm)\/.*\.ts$/.test(file) &&
      !/node_modules|\.test\.ts$|\/(testing|findings)\//.test(file),
  );
  const text = sources.map((file) => readFileSync(join(packages, file), 'utf8')).join('\n');
  assert.deepEqual(
    all.map(([code]) => code).filter((code) => !text.includes(`'${code}'`)),
    [],
  );
});
