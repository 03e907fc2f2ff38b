import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError, escaped, shown } from './errors.ts';

test('the message says where, what was expected, what came and what to do', () => {
  const error = new AssayError('config-value', 'nova.conf [DEFAULT] port', 'a port from 1 to 65535', 'eight', {
    hint: 'write a number',
  });
  assert.equal(error.message, 'nova.conf [DEFAULT] port: expected a port from 1 to 65535, got eight; write a number');
  assert.equal(error.code, 'config-value');
});

test('what came from outside cannot break the line it is shown on', () => {
  assert.equal(escaped('node1\r\n\u001b[31mtrusted\u202e'), 'node1\\u{d}\\u{a}\\u{1b}[31mtrusted\\u{202e}');
  assert.equal(shown(new Uint8Array([1, 255])), '0x01ff');
  assert.equal(shown({ n: 2n ** 64n }), '{"n":"18446744073709551616"}');
  assert.equal(shown(undefined), 'undefined');
  assert.equal(shown(''), 'nothing');
  assert.ok(shown('x'.repeat(5000)).length < 250);
  const { message } = new AssayError('x', 'GET /\u001b[2J', 'one named \u001b[2J', '\u001b[2J');
  assert.equal(message, 'GET /\\u{1b}[2J: expected one named \\u{1b}[2J, got \\u{1b}[2J');
});

test('T16 showing what a peer sent is cheap and fails for nothing', () => {
  const began = performance.now();
  const line = shown('\u0001'.repeat(8 * 1024 * 1024));
  assert.ok(performance.now() - began < 100);
  assert.ok(line.length < 250 && line.endsWith('… (8388608 characters)'), line);
  let deep: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  const round: Record<string, unknown> = {};
  round['self'] = round;
  for (const value of [deep, round]) assert.equal(shown(value), 'a value that cannot be shown');
});

test('of all characters exactly the control and format characters are escaped', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    const unfit = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(character);
    const wanted = unfit ? `\\u{${code.toString(16)}}` : character;
    if (escaped(`a${character}b`) !== `a${wanted}b`) assert.fail(`U+${code.toString(16)}`);
  }
});
