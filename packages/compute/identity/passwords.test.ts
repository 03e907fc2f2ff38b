import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, passwordFits } from './passwords.ts';

test('T25 who guesses passwords from one address keeps nobody else from logging in', async () => {
  const hash = await hashPassword('right');
  const guesses = Promise.allSettled(Array.from({ length: 60 }, () => passwordFits('wrong', hash, '192.0.2.1')));
  const others = ['192.0.2.2', '192.0.2.3'].map((address) => passwordFits('right', hash, address));
  assert.deepEqual(await Promise.all(others), [true, true]);
  const refused = (await guesses).filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 50); // 2 at once, 8 waiting
  assert.ok(refused.every((one) => 'reason' in one && one.reason.code === 'password-limit'));
});
