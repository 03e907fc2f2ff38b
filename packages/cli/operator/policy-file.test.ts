import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { policyFromText } from './policy-file.ts';
import { policyYaml } from './show-policies.ts';

const read = (text: string) => policyFromText(text, 'p.yaml');
const refused = (text: string) => {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof AssayError, String(error));
    return `${error.code} ${error.where}`;
  }
  return 'nothing';
};

const whole = `# why each is asked for
pool: default
known_good: [firmware, hypervisor]
secure_boot:
  state: on   # YAML 1.2: a word, no boolean
evidence:
  max_age: 90
`;

test('YAML with comments, and JSON, become the document they say', () => {
  const document = {
    pool: 'default',
    known_good: ['firmware', 'hypervisor'],
    secure_boot: { state: 'on' },
    evidence: { max_age: 90 },
  };
  assert.deepEqual(read(whole), document);
  assert.deepEqual(read(JSON.stringify(document)), document);
  assert.deepEqual(read(`\uFEFF${whole.replaceAll('\n', '\r\n')}`), document);
});

test('a wrong field is named with its line and column, however deep it is', () => {
  const rows: [string, string][] = [
    ['pool: default\nknown_god: [firmware]\n', 'policy-value p.yaml:2:1: known_god'],
    ['pool: default\nevidence:\n  max_age: soon\n', 'policy-value p.yaml:3:3: evidence.max_age'],
    [
      'pool: default\nsecure_boot:\n  keys:\n    db:\n      require: [abc]\n',
      'policy-value p.yaml:5:17: secure_boot.keys.db.require.0',
    ],
    ['{"pool":"default",\n "known_good":["firmware","firmware"]}', 'policy-value p.yaml:2:2: known_good'],
    ['known_good: []\n', 'policy-value p.yaml:1:1'],
    ['- pool\n', 'policy-value p.yaml:1:1'],
    ['__proto__: {pool: default}\npool: x\n', 'policy-value p.yaml:1:1: __proto__'],
  ];
  for (const [text, expected] of rows) assert.equal(refused(text), expected, text);
});

test('what no schema can tell is told with its line as well', () => {
  const text = 'pool: default\nknown_good: [firmware]\nallowed_findings: [quote-signature]\n';
  assert.match(refused(text), /^policy-value p\.yaml:3:1: allowed_findings/);
});

test('what is no YAML, more than one policy, or a trick is refused with its place', () => {
  const rows: [string, string][] = [
    ['', 'policy-syntax p.yaml'],
    ['pool: [\n', 'policy-syntax p.yaml:2:1'],
    ['pool: a\npool: b\n', 'policy-syntax p.yaml:2:1'],
    ['pool: a\n---\npool: b\n', 'policy-syntax p.yaml:2:1'],
    ['pool: !!js/function x\n', 'policy-syntax p.yaml:1:7'],
    ['pool: &a default\ndescription: *a\n', 'policy-syntax p.yaml:2:14'],
    ['? [pool]\n: x\n', 'policy-syntax p.yaml:1:3'],
    [
      `a: &a [x, x]\n${Array.from({ length: 20 }, (_, at) => `b${at}: [*a, *a]`).join('\n')}\n`,
      'policy-syntax p.yaml:2:6',
    ],
  ];
  for (const [text, expected] of rows) assert.equal(refused(text), expected, text);
  assert.equal(refused(`${whole}#${'#'.repeat(2 ** 20)}`), 'policy-syntax p.yaml');
});

test('whatever a file says, it is a document or an AssayError', () => {
  for (let end = 0; end <= whole.length; end++) refused(whole.slice(0, end));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.string({ maxLength: 4, unit: 'binary' }), (at, other) => {
      refused(whole.slice(0, at) + other + whole.slice(at + other.length));
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.json(), (text) => void refused(text)));
});

test('a policy that is shown can be applied again as it stands', async () => {
  const tricky = {
    ...labDocument,
    description: 'yes: "no"\n# not a comment\u001b[2J',
    command_line: { forbid: ['init=*', 'debug'] },
  };
  const text = await policyYaml({
    pool: 'default',
    version: 3,
    document: tricky,
    applied_at: '2026-11-23T12:00:00Z',
    by: 'ada\npool: evil',
  });
  assert.deepEqual(read(text), tricky);
  assert.match(text, /^# policy default, version 3, applied 2026-11-23T12:00:00Z by ada\\u\{a\}pool: evil$/m);
});

test('every sample can be applied', () => {
  const folder = join(import.meta.dirname, '../../../etc/policies');
  const samples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  assert.ok(samples.length > 0);
  for (const name of samples) assert.ok(policyFromText(readFileSync(join(folder, name), 'utf8'), name).pool, name);
});
