// Binary structures declared once, read and written by the same lines. Big-endian (TPM) and little-endian (UEFI).
// The other side lies: every length has a limit, every number its legal values, the outermost reader an end.
import { AssayError } from '../errors.ts';

/** One declaration, both directions: `read` from `c.at` on, `write` at the end of `out`. */
export type Codec<T> = { read(c: Cursor, where: string): T; write(out: number[], value: T): void };
export type Cursor = { readonly bytes: Uint8Array; at: number };
export type Of<C> = C extends Codec<infer T> ? T : never;
// biome-ignore lint/suspicious/noExplicitAny: a codec is both producer and consumer of its type, so no narrower bound exists
export type Fields = Record<string, Codec<any>>;
export type Row<F extends Fields> = { [K in keyof F]: Of<F[K]> };

const bad = (code: string, where: string, at: number, expected: string, got: unknown) =>
  new AssayError(`wire-${code}`, `${where} at byte ${at}`, expected, got);

/** The next `n` bytes, a view, not a copy. @throws AssayError `wire-short` */
export const take = (c: Cursor, n: number, where: string): Uint8Array => {
  if (c.at + n > c.bytes.length) throw bad('short', where, c.at, `${n} more bytes`, c.bytes.length - c.at);
  c.at += n;
  return c.bytes.subarray(c.at - n, c.at);
};

const unsigned = (size: number, littleEndian: boolean): Codec<number> => ({
  read(c, where) {
    const bytes = take(c, size, where);
    let sum = 0;
    for (let i = 0; i < size; i++) sum = sum * 256 + (bytes[littleEndian ? size - 1 - i : i] as number);
    return sum;
  },
  write(out, value) {
    for (let i = 0; i < size; i++) {
      const shift = littleEndian ? i : size - 1 - i;
      out.push(Math.floor(value / 256 ** shift) % 256);
    }
  },
});
const unsigned64 = (littleEndian: boolean): Codec<bigint> => ({
  read(c, where) {
    const bytes = take(c, 8, where);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    return view.getBigUint64(0, littleEndian);
  },
  write(out, value) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, littleEndian);
    out.push(...bytes);
  },
});

export const u8 = unsigned(1, false);
export const u16 = unsigned(2, false);
export const u32 = unsigned(4, false);
export const u64 = unsigned64(false);
export const u16le = unsigned(2, true);
export const u32le = unsigned(4, true);
export const u64le = unsigned64(true);

/** Exactly `n` bytes. */
export const bytes = (n: number): Codec<Uint8Array> => ({
  read: (c, where) => take(c, n, where),
  write(out, value) {
    if (value.length !== n) throw bad('length', 'bytes', out.length, `${n} bytes`, value.length);
    append(out, value);
  },
});

/** A length and that many bytes, at most `max`: TPM2B_*. `length` is the codec of the length, u16 unless told. */
export const sized = (max: number, length: Codec<number> = u16): Codec<Uint8Array> => ({
  read(c, where) {
    const at = c.at;
    const n = length.read(c, `${where}.size`);
    if (n > max) throw bad('long', where, at, `at most ${max} bytes`, n);
    return take(c, n, where);
  },
  write(out, value) {
    if (value.length > max) throw bad('long', 'sized', out.length, `at most ${max} bytes`, value.length);
    length.write(out, value.length);
    append(out, value);
  },
});

/** A length, then a structure that fills exactly that many bytes: TPM2B_PUBLIC. */
export const nested = <T>(item: Codec<T>, max: number): Codec<T> => {
  const outer = sized(max);
  return {
    read: (c, where) => decode(item, outer.read(c, where), where),
    write: (out, value) => outer.write(out, encode(item, value)),
  };
};

/** A count and that many items, at most `max`: TPML_*. `count` is the codec of the count, u32 unless told. */
export const list = <T>(item: Codec<T>, max: number, count: Codec<number> = u32): Codec<T[]> => ({
  read(c, where) {
    const at = c.at;
    const n = count.read(c, `${where}.count`);
    if (n > max) throw bad('long', where, at, `at most ${max} items`, n);
    return Array.from({ length: n }, (_, i) => item.read(c, `${where}[${i}]`));
  },
  write(out, value) {
    if (value.length > max) throw bad('long', 'list', out.length, `at most ${max} items`, value.length);
    count.write(out, value.length);
    for (const one of value) item.write(out, one);
  },
});

/** A number of which only these values are legal, read as their names: TPMI_*, TPM_ST, magic numbers. */
export const choice = <N extends string>(code: Codec<number>, names: Record<N, number>): Codec<N> => ({
  read(c, where) {
    const at = c.at;
    const got = code.read(c, where);
    for (const name in names) if (names[name] === got) return name;
    throw bad('value', where, at, Object.keys(names).join(' or '), `0x${got.toString(16)}`);
  },
  write: (out, name) => code.write(out, names[name]),
});

/** TPMS_*: fields in wire order. */
export const struct = <F extends Fields>(f: F): Codec<Row<F>> => {
  const fields = Object.entries(f);
  return {
    read(c, where) {
      const row: Record<string, unknown> = {};
      for (const [name, codec] of fields) row[name] = codec.read(c, `${where}.${name}`);
      return row as Row<F>;
    },
    write(out, value) {
      for (const [name, codec] of fields) codec.write(out, value[name]);
    },
  };
};

/** TPMT_*: `head[tag]` selects the fields that follow (TPMU_*). A name without a tail does not compile. */
export const tagged = <F extends Fields, T extends keyof F & string, V extends Record<Of<F[T]>, Fields>>(
  head: F,
  tag: T,
  tails: V,
): Codec<{ [K in Of<F[T]>]: Row<Omit<F, T>> & Record<T, K> & Row<V[K]> }[Of<F[T]>]> => ({
  read(c, where) {
    const start = struct(head).read(c, where);
    return { ...start, ...struct(tails[start[tag] as Of<F[T]>]).read(c, where) } as never;
  },
  write: (out, value) => struct({ ...head, ...tails[value[tag] as Of<F[T]>] }).write(out, value as never),
});

/** Reads a whole message: nothing may be left over. @throws AssayError `wire-trailing`, and whatever the codec throws */
export const decode = <T>(codec: Codec<T>, message: Uint8Array, where: string): T => {
  const c = { bytes: message, at: 0 };
  const value = codec.read(c, where);
  if (c.at !== message.length) throw bad('trailing', where, c.at, 'the end', `${message.length - c.at} more bytes`);
  return value;
};

/** Writes a whole message. */
export const encode = <T>(codec: Codec<T>, value: T): Uint8Array => {
  const out: number[] = [];
  codec.write(out, value);
  return Uint8Array.from(out);
};

const append = (out: number[], value: Uint8Array) => {
  for (const byte of value) out.push(byte);
};
