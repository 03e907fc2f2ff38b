import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssayError } from '../errors.ts';
import { bytes, type Codec, choice, decode, encode, list, nested, sized, struct, tagged } from './codec.ts';
import { u8, u16, u32, u32le, u64 } from './numbers.ts';
import type { Output } from './output.ts';

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

test('an error names the very item and field, though the place is put into words only then', () => {
  const Table = struct({ rows: list(struct({ id: u8, kind: Hash }), 4, u8), rest: nested(struct({ last: u16 }), 8) });
  const places: [number[], string, string][] = [
    [[2, 7, 0, 0x0b, 7, 0, 4], 'wire-value', 'T.rows[1].kind at byte 5'],
    [[2, 7, 0, 0x0b, 7, 0], 'wire-short', 'T.rows[1].kind at byte 5'],
    [[5], 'wire-long', 'T.rows at byte 0'],
    [[0, 0, 1, 9], 'wire-short', 'T.rest.last at byte 0'],
    [[0, 0, 3, 9, 9, 9], 'wire-trailing', 'T.rest at byte 2'],
    [[0, 0], 'wire-short', 'T.rest.size at byte 1'],
  ];
  for (const [message, code, where] of places)
    assert.throws(() => decode(Table, Uint8Array.from(message), 'T'), { name: 'AssayError', code, where });
  const c = { bytes: Uint8Array.of(9, 0, 4), at: 1 };
  assert.throws(() => Hash.read(c, 'H'), { name: 'AssayError', where: 'H at byte 1' });
  assert.throws(() => u32.read({ bytes: c.bytes, at: 1 }, 'N'), { name: 'AssayError', where: 'N at byte 1' });
});

test('a codec of one’s own may throw whatever it likes, and is asked again for the place', () => {
  const asked: string[] = [];
  const own = {
    read(_c: unknown, where: string): never {
      asked.push(where);
      throw new TypeError(`a bug in ${where}`);
    },
    write: (out: Output) => out.push(0),
  };
  assert.throws(() => decode(struct({ own }), new Uint8Array(), 'S'), { name: 'TypeError', message: 'a bug in S.own' });
  assert.equal(asked.length, 2);
});

test('what does not fit is not written', () => {
  for (const [codec, value] of [
    [u8, 256],
    [u16, -1],
    [u32, 2 ** 32],
    [u32le, 1.5],
    [u16, NaN],
    [sized(2), new Uint8Array(3)],
    [bytes(2), new Uint8Array(3)],
    [list(u8, 1), [1, 2]],
    [Hash, 'md5'],
  ] as [Codec<unknown>, unknown][])
    assert.throws(() => encode(codec, value), { name: 'AssayError', code: /^wire-/ });
  assert.throws(() => encode(u64, 2n ** 64n), { code: 'wire-value' });
  assert.throws(() => encode(u64, -1n), { code: 'wire-value' });
});

test('a name or a tag that there is not is refused with those there are', () => {
  assert.throws(() => encode(Hash, 'md5' as never), { code: 'wire-value', expected: 'sha256 or sha384', got: 'md5' });
  const Loose = tagged({ kind: u8 }, 'kind', { 1: { a: u8 }, 2: {} } as never) as Codec<unknown>;
  assert.deepEqual(decode(Loose, Uint8Array.of(1, 7), 'L'), { kind: 1, a: 7 });
  const refused = { code: 'wire-value', where: 'L.kind at byte 1', expected: '1 or 2' };
  assert.throws(() => decode(Loose, Uint8Array.of(3), 'L'), refused);
  assert.throws(() => encode(Loose, { kind: 3 }), { code: 'wire-value' });
});

test('a message of any length is written', () => {
  for (const length of [0, 1, 253, 254, 255, 256, 257, 1 << 20]) {
    const value = new Uint8Array(length).fill(7);
    const written = encode(struct({ a: sized(1 << 20, u32), end: u8 }), { a: value, end: 9 });
    assert.equal(written.length, length + 5);
    assert.deepEqual([written.at(-1), Buffer.compare(written.subarray(4, -1), value)], [9, 0]);
  }
});
