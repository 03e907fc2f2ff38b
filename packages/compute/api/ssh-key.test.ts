import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { readSshKey } from './ssh-key.ts';

test('keys that ssh-keygen makes are read, with the fingerprint it gives them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-ssh-'));
  try {
    for (const [type, bits] of [
      ['ed25519', '256'],
      ['rsa', '2048'],
      ['ecdsa', '256'],
      ['ecdsa', '384'],
      ['ecdsa', '521'],
    ] as const) {
      const file = join(folder, `${type}${bits}`);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', 'a comment', '-f', file]);
      const [, md5] = execFileSync('ssh-keygen', ['-l', '-E', 'md5', '-f', file], { encoding: 'utf8' }).split(' ');
      const key = readSshKey(readFileSync(`${file}.pub`, 'utf8'));
      assert.equal(`MD5:${key.fingerprint}`, md5);
      assert.equal(key.comment, 'a comment');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const good = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILk1JDAvHiuhzrQvmAPrkhpFS6WuLN1veA4y6LVQs+C0';

test('a key cut short anywhere, or with bytes after it, is refused', () => {
  const [type, base64 = ''] = good.split(' ');
  const blob = Buffer.from(base64, 'base64');
  const as = (bytes: Uint8Array) => `${type} ${Buffer.from(bytes).toString('base64')}`;
  for (let length = 0; length < blob.length; length++)
    assert.throws(() => readSshKey(as(blob.subarray(0, length))), { code: 'ssh-key-invalid' }, String(length));
  assert.throws(() => readSshKey(as(Buffer.concat([blob, Buffer.of(0)]))), { code: 'ssh-key-invalid' });
});

test('a second line never comes through, and any text is a key or an AssayError', () => {
  for (const text of [`${good}\n${good}`, `${good}\rx`, `${good} a\u2028b`, `no-pty ${good}`])
    assert.throws(() => readSshKey(text), { code: 'ssh-key-invalid' });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map((text) => `ssh-rsa ${text}`),
      ),
      (text) => {
        try {
          readSshKey(text);
        } catch (error) {
          assert.ok(error instanceof AssayError);
        }
      },
    ),
  );
});
