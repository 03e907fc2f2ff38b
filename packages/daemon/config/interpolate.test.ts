import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { loadConfig } from './load.ts';
import { list, text } from './option.ts';

// oslo.config itself with the same options: [d, a, b, long_name, words] of each file, null for each that is an error.
const oracle = `
import json, sys, os
from oslo_config import cfg
folder = sys.argv[1]
sys.setrecursionlimit(300)
answers = []
for name in sorted(os.listdir(folder)):
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.StrOpt('d', default='none')])
    conf.register_opts([cfg.StrOpt('a', default='none'), cfg.StrOpt('b', default='none'), cfg.StrOpt('long_name', default='none'), cfg.ListOpt('words', default=[])], group='s')
    conf(['--config-file', os.path.join(folder, name)])
    def value(group, name):
        try:
            return conf[group][name] if group else conf[name]
        except Exception:
            return None
    answers.append([value(None, 'd')] + [value('s', n) for n in ('a', 'b', 'long_name', 'words')])
print(json.dumps(answers))
`;

test('values with references are what oslo.config makes of them', () => {
  const piece = fc.constantFrom(
    '$a',
    '${a}',
    '$b',
    '${s.b}',
    '$s.a',
    '$long_name',
    '$d',
    '$$',
    '\\$',
    '$',
    '${',
    '$1',
    'x',
    ', ',
    ' y',
    '-',
    '${nope}',
    '$nope',
    '$B',
  );
  const value = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
  const cases = fc.sample(fc.tuple(value, value, value, value, value), { numRuns: 400, seed: 11 });
  const folder = mkdtempSync(join(tmpdir(), 'assay-refs-'));
  try {
    const names = cases.map(([d, a, b, long, words], at) => {
      const name = join(folder, String(at).padStart(5, '0'));
      writeFileSync(name, `[DEFAULT]\nd = ${d}\n[s]\na = ${a}\nb = ${b}\nlong_name = ${long}\nwords = ${words}\n`);
      return name;
    });
    const answers = JSON.parse(
      execFileSync('/usr/bin/python3', ['-c', oracle, folder], { encoding: 'utf8', maxBuffer: 1 << 26 }),
    ) as unknown[][];
    let legal = 0;
    for (const [at, name] of names.entries()) {
      const theirs = answers[at] as unknown[];
      const mine = ['d', 'a', 'b', 'long_name', 'words'].map((key) => one(name, key));
      assert.deepEqual(mine, theirs, String(cases[at]));
      legal += mine.filter((value) => value !== null).length;
    }
    assert.ok(legal > 400 && legal < 1900, `${legal} of 2000 values legal: both kinds are tried`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** One option alone, since the first error ends the reading of all. */
function one(file: string, key: string): unknown {
  const section = key === 'd' ? 'DEFAULT' : 's';
  const declared = key === 'words' ? list({ help: 'Test.', default: [] }) : text({ help: 'Test.', default: 'none' });
  try {
    return loadConfig([file], { [section]: { [key]: declared } })[section]?.[key];
  } catch (error) {
    assert.ok(error instanceof AssayError && error.code === 'config-value', String(error));
    return null;
  }
}
