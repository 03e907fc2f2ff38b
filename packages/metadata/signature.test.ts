import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { isSignatureOf, signInstanceId } from './signature.ts';

const id = '8d5f3c1e-6d1f-4e0b-9b1e-2f6d7c0a1b2c';

test('a signature is the one openssl computes', () => {
  const printed = execFileSync('openssl', ['dgst', '-sha256', '-hmac', 'a shared secret'], { input: id });
  assert.ok(String(printed).includes(signInstanceId('a shared secret', id)));
});

test('only the exact lower-case signature of this id by this secret is taken', () => {
  const signature = signInstanceId('a shared secret', id);
  assert.ok(isSignatureOf(signature, 'a shared secret', id));
  const wrong = [
    '',
    signature.toUpperCase(),
    `${signature}0`,
    signature.slice(1),
    `${signature}, ${signature}`,
    signature.replace(/^./, (first) => (first === '0' ? '1' : '0')),
    'ÿ'.repeat(64),
    '中'.repeat(64),
    signInstanceId('another secret!!', id),
    signInstanceId('a shared secret', id.toUpperCase()),
  ];
  for (const other of wrong) assert.equal(isSignatureOf(other, 'a shared secret', id), false, other);
});
