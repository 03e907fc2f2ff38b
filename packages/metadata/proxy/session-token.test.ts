import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sessionTokens, ttlOf } from './session-token.ts';

const secret = 'a secret of enough letters';
const [one, other] = [randomUUID(), randomUUID()];

test('M06 a token holds for its instance until its end, over a restart, and for nobody else', () => {
  let now = 1_800_000_000_000;
  const { give, holds } = sessionTokens(secret, () => now);
  const token = give(one, 60);
  assert.match(token, /^[\w-]{51}$/);
  assert.equal(holds(token, one), true);
  assert.equal(sessionTokens(secret, () => now).holds(token, one), true, 'another process');
  assert.equal(holds(token, other), false, 'another instance');
  assert.equal(sessionTokens('another secret of letters', () => now).holds(token, one), false, 'another secret');
  now += 59_999;
  assert.equal(holds(token, one), true);
  now += 1;
  assert.equal(holds(token, one), false, 'old');
  now -= 7 * 3600_000;
  assert.equal(holds(token, one), false, 'a clock set back');
});

test('M06 any other text is no token, nor one with any letter changed', () => {
  const { give, holds } = sessionTokens(secret);
  const token = give(one, 21_600);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (let at = 0; at < token.length; at++)
    for (const letter of letters)
      assert.equal(holds(token.slice(0, at) + letter + token.slice(at + 1), one), letter === token[at]);
  fc.assert(fc.property(fc.string(), (text) => assert.equal(holds(text, one), false)));
  for (const text of [`${token}=`, `${token}, ${token}`, ` ${token}`]) assert.equal(holds(text, one), false);
});

test('a session lasts from a second to six hours', () => {
  for (const [text, seconds] of [
    ['1', 1],
    ['21600', 21_600],
    ['300', 300],
  ] as const)
    assert.equal(ttlOf(text), seconds);
  for (const text of [undefined, '', '0', '21601', '-1', '+1', '1.5', '1e3', '0x10', ' 1', '99999999999', '300, 300'])
    assert.equal(ttlOf(text), undefined, `${text}`);
});
