// Binary structures declared once, read and written by the same lines. Big-endian (TPM) and little-endian (UEFI).
// The other side lies: every length has a limit, every number its legal values, the outermost reader an end.
import { bad, type Cursor, type Read, saidOnce, take, unsaid, within } from './cursor.ts';
import { u16, u32 } from './numbers.ts';
import { Output } from './output.ts';

/**
 * One declaration, both directions: `read` from `c.at` on, `write` at the end of `out`. Reading the same bytes again gives the
 * same again: what fails is read a second time, only to say where.
 */
export type Codec<T> = { read: Read<T>; write(out: Output, value: T): void };
export type Of<C> = C extends Codec<infer T> ? T : never;
// biome-ignore lint/suspicious/noExplicitAny: a codec is both producer and consumer of its type, so no narrower bound exists
export type Fields = Record<string, Codec<any>>;
export type Row<F extends Fields> = { [K in keyof F]: Of<F[K]> };

/** Exactly `n` bytes. */
export const bytes = (n: number): Codec<Uint8Array> => ({
  read: (c, where) => take(c, n, where),
  write(out, value) {
    if (value.length !== n) throw bad('length', 'bytes', out.length, `${n} bytes`, value.length);
    out.append(value);
  },
});

/** A length and that many bytes, at most `max`: TPM2B_*. `length` is the codec of the length, u16 unless told. */
export const sized = (max: number, length: Codec<number> = u16): Codec<Uint8Array> => ({
  read(c, where) {
    const at = c.at;
    const n = length.read(c, within(where, '.size'));
    if (n > max) throw bad('long', where, at, `at most ${max} bytes`, n);
    return take(c, n, where);
  },
  write(out, value) {
    if (value.length > max) throw bad('long', 'sized', out.length, `at most ${max} bytes`, value.length);
    length.write(out, value.length);
    out.append(value);
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
  read: saidOnce((c, where) => {
    const at = c.at;
    const n = count.read(c, within(where, '.count'));
    if (n > max) throw bad('long', where, at, `at most ${max} items`, n);
    const items: T[] = []; // grows as items come: a count alone allocates nothing
    for (let i = 0; i < n; i++) items.push(item.read(c, where === unsaid ? unsaid : `${where}[${i}]`));
    return items;
  }),
  write(out, value) {
    if (value.length > max) throw bad('long', 'list', out.length, `at most ${max} items`, value.length);
    count.write(out, value.length);
    for (const one of value) item.write(out, one);
  },
});

/** A number of which only these values are legal, read as their names: TPMI_*, TPM_ST, magic numbers. */
export const choice = <N extends string>(code: Codec<number>, names: Record<N, number>): Codec<N> => {
  const all = Object.keys(names) as N[];
  const byNumber = new Map(all.toReversed().map((name) => [names[name], name])); // of two names of a number the first
  return {
    read(c, where) {
      const at = c.at;
      const got = code.read(c, where);
      const name = byNumber.get(got);
      if (name === undefined) throw bad('value', where, at, all.join(' or '), `0x${got.toString(16)}`);
      return name;
    },
    write(out, name) {
      if (!Object.hasOwn(names, name)) throw bad('value', 'choice', out.length, all.join(' or '), name);
      code.write(out, names[name]);
    },
  };
};

/** Fields in wire order, read into `row` and written from it. */
type Part = { read(c: Cursor, where: string, row: Record<string, unknown>): void; write: Codec<never>['write'] };

const part = (fields: Fields): Part => {
  const named = Object.entries(fields).map(([name, codec]) => ({ name, codec, place: `.${name}` }));
  return {
    read(c, where, row) {
      for (const { name, codec, place } of named) row[name] = codec.read(c, within(where, place));
    },
    write(out, value) {
      for (const { name, codec } of named) codec.write(out, value[name]);
    },
  };
};

/** TPMS_*: fields in wire order. */
export const struct = <F extends Fields>(fields: F): Codec<Row<F>> => {
  const all = part(fields);
  return {
    read: saidOnce((c, where) => {
      const row = {};
      all.read(c, where, row);
      return row as Row<F>;
    }),
    write: (out, value) => all.write(out, value as never),
  };
};

/** TPMT_*: `head[tag]` selects the fields that follow (TPMU_*). A name without a tail does not compile. */
export const tagged = <F extends Fields, T extends keyof F & string, V extends Record<Of<F[T]>, Fields>>(
  head: F,
  tag: T,
  tails: V,
): Codec<{ [K in Of<F[T]>]: Row<Omit<F, T>> & Record<T, K> & Row<V[K]> }[Of<F[T]>]> => {
  const start = part(head);
  const rests = new Map(Object.entries<Fields>(tails).map(([name, fields]) => [name, part(fields)]));
  const rest = (name: unknown, at: number, where: string): Part => {
    const found = rests.get(String(name)); // a tag may be a bare number
    if (!found) throw bad('value', within(where, `.${tag}`), at, [...rests.keys()].join(' or '), name);
    return found;
  };
  return {
    read: saidOnce((c, where) => {
      const row: Record<string, unknown> = {};
      start.read(c, where, row);
      rest(row[tag], c.at, where).read(c, where, row);
      return row as never;
    }),
    write(out, value) {
      start.write(out, value as never);
      rest(value[tag], out.length, 'tagged').write(out, value as never);
    },
  };
};

/** Reads a whole message: nothing may be left over. @throws AssayError `wire-trailing`, and whatever the codec throws */
export const decode = <T>(codec: Codec<T>, message: Uint8Array, where: string): T => {
  const c = { bytes: message, at: 0 };
  const value = codec.read(c, where);
  if (c.at !== message.length) throw bad('trailing', where, c.at, 'the end', `${message.length - c.at} more bytes`);
  return value;
};

/** Writes a whole message. */
export const encode = <T>(codec: Codec<T>, value: T): Uint8Array => {
  const out = new Output();
  codec.write(out, value);
  return out.bytes();
};
