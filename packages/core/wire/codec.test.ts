import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssayError } from '../errors.ts';
import {
  bytes,
  choice,
  decode,
  encode,
  list,
  nested,
  sized,
  struct,
  tagged,
  u8,
  u16,
  u32,
  u32le,
  u64,
} from './codec.ts';

const Hash = choice(u16, { sha256: 0x000b, sha384: 0x000c });
const Signature = tagged({ version: u8, algorithm: choice(u16, { rsa: 0x14, ecdsa: 0x18 }) }, 'algorithm', {
  rsa: { hash: Hash, sig: sized(512) },
  ecdsa: { hash: Hash, r: sized(66), s: sized(66) },
});
const Message = struct({
  magic: bytes(2),
  count: u32le,
  big: u64,
  items: list(u32, 8),
  inner: nested(Signature, 256),
});
const plain = { noNullPrototype: true } as const;
const message = fc.record(
  {
    magic: fc.uint8Array({ minLength: 2, maxLength: 2 }),
    count: fc.nat(0xffffffff),
    big: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    items: fc.array(fc.nat(0xffffffff), { maxLength: 8 }),
    inner: fc.record(
      {
        version: fc.nat(255),
        algorithm: fc.constant('ecdsa' as const),
        hash: fc.constantFrom('sha256' as const, 'sha384' as const),
        r: fc.uint8Array({ maxLength: 66 }),
        s: fc.uint8Array({ maxLength: 66 }),
      },
      plain,
    ),
  },
  plain,
);

test('what was written is read back', () => {
  fc.assert(fc.property(message, (value) => assert.deepEqual(decode(Message, encode(Message, value), 'M'), value)));
});

test('a message cut short anywhere is refused with the place', () => {
  const whole = encode(Message, fc.sample(message, { seed: 1, numRuns: 1 })[0]!);
  for (let end = 0; end < whole.length; end++)
    assert.throws(() => decode(Message, whole.subarray(0, end), 'M'), {
      name: 'AssayError',
      where: /^M\..* at byte \d+$/,
    });
});

test('any bytes give a value or an AssayError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
      try {
        decode(Message, any, 'M');
      } catch (error) {
        assert.ok(error instanceof AssayError, String(error));
      }
    }),
  );
});

test('an illegal number, a long length and a left-over byte each have their code', () => {
  assert.throws(() => decode(Hash, Uint8Array.of(0, 4), 'H'), { code: 'wire-value', where: 'H at byte 0' });
  assert.throws(() => decode(sized(1), Uint8Array.of(0, 2, 0, 0), 'B'), { code: 'wire-long' });
  assert.throws(() => decode(u8, Uint8Array.of(0, 2), 'U'), { code: 'wire-trailing' });
  assert.throws(() => decode(list(u8, 3), Uint8Array.of(255, 255, 255, 255), 'L'), { code: 'wire-long' });
});
