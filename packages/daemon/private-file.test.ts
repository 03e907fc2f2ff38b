import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AssayError } from '@assay/core';
import { readOrMakePrivate, readPrivate } from './private-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-private-'));
after(() => rmSync(folder, { recursive: true }));
const told = { what: 'a secret', option: '[section] secret_file' };

test('T11 a file that group or others may read is refused, with option, file and what to do', () => {
  const file = join(folder, 'open');
  writeFileSync(file, 'do not show me', { mode: 0o600 });
  assert.equal(readPrivate(file, told).toString(), 'do not show me');
  for (const mode of [0o640, 0o604, 0o660, 0o644]) {
    chmodSync(file, mode);
    assert.throws(
      () => readPrivate(file, told),
      (error) => {
        assert.ok(error instanceof AssayError);
        assert.deepEqual([error.code, error.where], ['config-value', `[section] secret_file ${file}`]);
        assert.match(error.message, new RegExp(`got mode 0${mode.toString(8)}; chmod 600 ${file}`));
        assert.ok(!error.message.includes('do not show me'));
        return true;
      },
    );
  }
  chmodSync(file, 0o400);
  assert.equal(readPrivate(file, told).toString(), 'do not show me');
});

test('a file that is not there, and one that is no file, are told', () => {
  const none = join(folder, 'none');
  assert.throws(() => readPrivate(none, { ...told, hint: 'make it' }), { got: 'ENOENT', hint: 'make it' });
  assert.throws(() => readPrivate(none, { what: 'a key', code: 'tls-file' }), { code: 'tls-file', where: none });
  assert.throws(() => readPrivate(folder, told), { code: 'config-value', got: 'another kind of file' });
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  assert.throws(() => readPrivate(pipe, told), { code: 'config-value', got: 'another kind of file' });
});

test('what is missing is made once, with its folder, for its owner alone', () => {
  const file = join(folder, 'sub', 'made');
  let made = 0;
  const make = () => `secret ${++made}`;
  assert.equal(readOrMakePrivate(file, told, make).toString(), 'secret 1');
  assert.equal(readOrMakePrivate(file, told, make).toString(), 'secret 1');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'sub')).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(folder, 'sub')), ['made']);
});

test('of two that start at once the first makes it, and both have the same', () => {
  const file = join(folder, 'race');
  const second = readOrMakePrivate(file, told, () => {
    // The other one comes in between the look and the writing.
    assert.equal(readOrMakePrivate(file, told, () => 'first').toString(), 'first');
    return 'second';
  });
  assert.equal(second.toString(), 'first');
  assert.equal(readFileSync(file, 'utf8'), 'first');
  assert.ok(!readdirSync(folder).some((name) => name.startsWith('race.')), 'nothing is left beside it');
});

test('a place where nothing can be made is told', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.throws(() => readOrMakePrivate(join(file, 'below'), told, String), {
    code: 'config-value',
    expected: 'a place for a secret',
  });
});
