// The small types all TPM structures are made of: yes/no bytes, bit fields, bytes that are kept as they came.
import { AssayError, type Codec, u8 } from '@assay/core';

/** Whatever is left, at most `max` bytes: what stands last in a structure whose length is known from outside. */
export const rest = (max: number): Codec<Uint8Array> => ({
  read(c, where) {
    const start = c.at;
    const length = c.bytes.length - start;
    if (length > max) throw new AssayError('wire-long', `${where} at byte ${start}`, `at most ${max} bytes`, length);
    c.at = c.bytes.length;
    return c.bytes.subarray(start);
  },
  write(out, value) {
    if (value.length > max) throw new AssayError('wire-long', 'rest', `at most ${max} bytes`, value.length);
    out.append(value);
  },
});

/** TPMI_YES_NO (Part 2, §9.2): one byte, 0 or 1. */
export const yesNo: Codec<boolean> = {
  read(c, where) {
    const at = c.at;
    const got = u8.read(c, where);
    if (got > 1) throw new AssayError('wire-value', `${where} at byte ${at}`, '0 or 1', got);
    return got === 1;
  },
  write: (out, value) => u8.write(out, value ? 1 : 0),
};

/** TPMA_*: named bits of a number; a bit without a name is reserved and must be clear. `bits` holds bit positions. */
export const bitField = <N extends string>(
  number: Codec<number>,
  bits: Record<N, number>,
): Codec<Record<N, boolean>> => {
  const named = Object.entries(bits) as [N, number][];
  const known = named.reduce((sum, [, bit]) => sum + 2 ** bit, 0);
  return {
    read(c, where) {
      const at = c.at;
      const got = number.read(c, where);
      if ((got & ~known) !== 0)
        throw new AssayError('wire-value', `${where} at byte ${at}`, 'reserved bits clear', `0x${got.toString(16)}`);
      return Object.fromEntries(named.map(([name, bit]) => [name, ((got >>> bit) & 1) === 1])) as Record<N, boolean>;
    },
    write: (out, value) =>
      number.write(
        out,
        named.reduce((sum, [name, bit]) => sum + (value[name] ? 2 ** bit : 0), 0),
      ),
  };
};

/** A structure that is checked but kept as the bytes it came in: what a signature or a name is computed over. */
export const kept = <T>(codec: Codec<T>): Codec<Uint8Array> => ({
  read(c, where) {
    const start = c.at;
    codec.read(c, where);
    return c.bytes.subarray(start, c.at);
  },
  write: (out, value) => out.append(value),
});

/** TPM2B_*: a structure in a length, checked but kept as bytes. Empty when the length is 0. */
export const keptSized = <T>(codec: Codec<T>, outer: Codec<Uint8Array>): Codec<Uint8Array> => ({
  read(c, where) {
    const body = outer.read(c, where);
    const inner = { bytes: body, at: 0 };
    if (body.length > 0) codec.read(inner, where);
    if (inner.at !== body.length)
      throw new AssayError(
        'wire-trailing',
        `${where} at byte ${inner.at}`,
        'the end',
        `${body.length - inner.at} more bytes`,
      );
    return body;
  },
  write: (out, value) => outer.write(out, value),
});
