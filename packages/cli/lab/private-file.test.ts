import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { shell } from './openrc.ts';
import { secretIn, writePrivate } from './private-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-private-'));
after(() => rmSync(dir, { recursive: true }));

test('a secret is made once, is the same afterwards and only its owner can read it', () => {
  const file = join(dir, 'secret');
  let made = 0;
  const make = () => `secret-${++made}`;
  assert.equal(secretIn(file, make), 'secret-1');
  assert.equal(secretIn(file, make), 'secret-1');
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a secret others could read, or an empty one, is refused', () => {
  const file = join(dir, 'open');
  writePrivate(file, 'secret');
  chmodSync(file, 0o640);
  assert.throws(() => secretIn(file, String), { code: 'lab-secret', where: file });
  writePrivate(file, '\n');
  assert.throws(() => secretIn(file, String), { code: 'lab-secret' });
});

test('a file that others could read is replaced by one they cannot, whatever is in its way', () => {
  const file = join(dir, 'replaced');
  writeFileSync(file, 'old', { mode: 0o644 });
  writeFileSync(`${file}.next`, 'left by a crash', { mode: 0o644 });
  writePrivate(file, 'new');
  assert.equal(readFileSync(file, 'utf8'), 'new');
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a shell that sources the variables has them as they are', () => {
  const value = `it's $HOME "quoted" \`id\` \\`;
  const file = join(dir, 'openrc');
  writeFileSync(file, shell({ ASSAY_TEST: value }));
  assert.equal(execFileSync('/bin/sh', ['-c', `. ${file}; printf %s "$ASSAY_TEST"`], { encoding: 'utf8' }), value);
});
