// Unsigned numbers of one to eight bytes, big-endian (TPM) and little-endian (UEFI).
import { AssayError } from '../errors.ts';
import type { Codec } from './codec.ts';
import { advance } from './cursor.ts';
import type { Output } from './output.ts';

/** @param read from the first of `size` bytes that are there */
const unsigned = (
  size: number,
  read: (bytes: Uint8Array, at: number) => number,
  write: (out: Output, value: number) => void,
): Codec<number> => ({
  read: (c, where) => read(c.bytes, advance(c, size, where)),
  write(out, value) {
    if (!(Number.isInteger(value) && value >= 0 && value < 256 ** size)) throw unwritable(size, value);
    write(out, value);
  },
});

/** BigInts are put together by a view of eight bytes of our own: a view of the message itself would cost more than the copy. */
const eight = new Uint8Array(8);
const view = new DataView(eight.buffer);
const unsigned64 = (littleEndian: boolean): Codec<bigint> => ({
  read(c, where) {
    const at = advance(c, 8, where);
    for (let i = 0; i < 8; i++) eight[i] = c.bytes[at + i] as number;
    return view.getBigUint64(0, littleEndian);
  },
  write(out, value) {
    if (value < 0n || value >= 1n << 64n) throw unwritable(8, value);
    view.setBigUint64(0, value, littleEndian);
    out.append(eight);
  },
});

const unwritable = (size: number, value: number | bigint) =>
  new AssayError('wire-value', `u${8 * size}`, `a number of at most ${size} bytes`, value);

// `b` has the bytes asked for: `advance` has looked.
const at = (b: Uint8Array, i: number) => b[i] as number;

export const u8 = unsigned(
  1,
  (b, i) => at(b, i),
  (out, v) => out.push(v),
);
export const u16 = unsigned(
  2,
  (b, i) => (at(b, i) << 8) | at(b, i + 1),
  (out, v) => {
    out.push(v >>> 8);
    out.push(v);
  },
);
export const u16le = unsigned(
  2,
  (b, i) => at(b, i) | (at(b, i + 1) << 8),
  (out, v) => {
    out.push(v);
    out.push(v >>> 8);
  },
);
export const u32 = unsigned(
  4,
  (b, i) => ((at(b, i) << 24) | (at(b, i + 1) << 16) | (at(b, i + 2) << 8) | at(b, i + 3)) >>> 0,
  (out, v) => {
    for (let shift = 24; shift >= 0; shift -= 8) out.push(v >>> shift);
  },
);
export const u32le = unsigned(
  4,
  (b, i) => (at(b, i) | (at(b, i + 1) << 8) | (at(b, i + 2) << 16) | (at(b, i + 3) << 24)) >>> 0,
  (out, v) => {
    for (let shift = 0; shift <= 24; shift += 8) out.push(v >>> shift);
  },
);
export const u64 = unsigned64(false);
export const u64le = unsigned64(true);
