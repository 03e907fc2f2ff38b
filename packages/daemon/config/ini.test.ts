import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { parseIni } from './ini.ts';

const nova = `# comment
[DEFAULT]
scheduler_available_filters = nova.scheduler.filters.all_filters
scheduler_available_filters=nova.scheduler.filters.trusted_filter.TrustedFilter
scheduler_default_filters = RamFilter,
    ComputeFilter,
\tTrustedFilter

; also a comment
transport_url : rabbit://u:p@h:5672/ # not a comment
[trusted_computing]
attestation_auth_blob = "i-am-openstack"
empty =
[DEFAULT]
use_ipv6 = 'it's'
`;

test('settings come in file order with their lines, repetitions again, continuations joined', () => {
  const settings = parseIni(nova, 'nova.conf');
  assert.deepEqual(
    settings.map(({ section, key, value, line }) => [section, key, value, line]),
    [
      ['DEFAULT', 'scheduler_available_filters', 'nova.scheduler.filters.all_filters', 3],
      ['DEFAULT', 'scheduler_available_filters', 'nova.scheduler.filters.trusted_filter.TrustedFilter', 4],
      ['DEFAULT', 'scheduler_default_filters', 'RamFilter,\nComputeFilter,\nTrustedFilter', 5],
      ['DEFAULT', 'transport_url', 'rabbit://u:p@h:5672/ # not a comment', 10],
      ['trusted_computing', 'attestation_auth_blob', 'i-am-openstack', 12],
      ['trusted_computing', 'empty', '', 13],
      ['DEFAULT', 'use_ipv6', "it's", 15],
    ],
  );
});

for (const [what, text, line] of [
  ['an option before any section', 'a = 1\n', 1],
  ['a section without its bracket', '[a\n', 1],
  ['a comment after a section', '[a] # b\n', 1],
  ['a section without name', '[]\n', 1],
  ['a line that is no setting', '[a]\nsecret stuff\n', 2],
  ['an option without name', '[a]\n = 1\n', 2],
  ['a value without name', '[a]\n=1\n', 2],
  ['a continuation of nothing', '[a]\n  b = 1\n', 2],
  ['a continuation after an empty line', '[a]\nb = 1\n\n  c\n', 4],
  ['a continuation after a comment', '[a]\nb = 1\n# x\n  c\n', 4],
  ['a byte order mark', '\ufeff[a]\nb = 1\n', 1],
  ['a control character', '[a]\nb = \u0000\n', 2],
] as const) {
  test(`${what} is refused with its line`, () => {
    assert.throws(
      () => parseIni(text, 'x.conf'),
      (error: AssayError) => {
        assert.equal(error.code, 'config-syntax');
        assert.equal(error.where, `x.conf line ${line}`);
        assert.ok(!error.message.includes('stuff'), 'a line may hold a secret');
        return true;
      },
    );
  });
}

// oslo.config's own parser, asked about many files at once: [[[section, key, [values…]], …] or null for an error, …]
const oracle = `
import json, sys, os
from oslo_config import cfg
folder = sys.argv[1]
answers = []
for name in sorted(os.listdir(folder)):
    sections = {}
    try:
        cfg.ConfigParser(os.path.join(folder, name), sections).parse()
        answers.append([[s, k, v] for s, o in sections.items() for k, v in o.items()])
    except cfg.ParseError:
        answers.append(None)
print(json.dumps(answers))
`;

test('every generated file is read as oslo.config reads it, or refused as it does', () => {
  const piece = fc.constantFrom(
    ...[
      '[DEFAULT]',
      '[a]',
      '[A]',
      '[ a ]',
      '[a]]',
      '[',
      '[]',
      '[a] #',
      'k',
      'key',
      ' = ',
      '=',
      ':',
      ' : ',
      '#',
      ' # c',
    ],
    ...[
      ';',
      '"',
      "'",
      '\n',
      '\n',
      '\n',
      '\r\n',
      '\r',
      '\n ',
      '\n\t',
      ' ',
      'v',
      'w x',
      '$k',
      '${a.k}',
      '%(k)s',
      '\\',
      'é',
      '\u00a0',
      '\u2028',
    ],
    ...['\u0085', '\f', '\v', '\nk = v', '\nkey: w', '\n[b]\n'],
  );
  const files = fc.sample(
    fc
      .array(piece, { maxLength: 24 })
      .map((pieces) => (pieces.length % 3 ? `[s]\n${pieces.join('')}` : pieces.join(''))),
    { numRuns: 1500, seed: 7 },
  );
  const folder = mkdtempSync(join(tmpdir(), 'assay-ini-'));
  try {
    for (const [at, file] of files.entries()) writeFileSync(join(folder, String(at).padStart(5, '0')), file);
    const answers = JSON.parse(
      execFileSync('/usr/bin/python3', ['-c', oracle, folder], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        env: { ...process.env, PYTHONUTF8: '1' },
      }),
    ) as ([string, string, string[]][] | null)[];
    let refused = 0;
    for (const [at, file] of files.entries()) {
      const mine = gathered(file);
      assert.deepEqual(
        mine,
        answers[at] && Object.fromEntries(answers[at].map(([s, k, v]) => [JSON.stringify([s, k]), v])),
        JSON.stringify(file),
      );
      if (!mine) refused++;
    }
    assert.ok(
      refused > 100 && refused < files.length - 100,
      `${refused} of ${files.length} refused: both kinds are tried`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function gathered(file: string): Record<string, string[]> | null {
  try {
    const found: Record<string, string[]> = {};
    for (const { section, key, value } of parseIni(file, 'x')) {
      const name = JSON.stringify([section, key]);
      found[name] = [...(found[name] ?? []), value];
    }
    return found;
  } catch (error) {
    assert.ok(error instanceof AssayError && error.code === 'config-syntax');
    return null;
  }
}

test('any text gives settings or config-syntax', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void gathered(text)));
});
