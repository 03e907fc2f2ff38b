// Where reading stands, and what is said when it cannot go on. A place is put into words only once something is wrong:
// most messages are sound, and the words would cost more than the bytes.
import { AssayError } from '../errors.ts';

/** `at` is the next byte to be read. */
export type Cursor = { readonly bytes: Uint8Array; at: number };

/** Reads a value from `c.at` on. `where` names it in errors: `TPMT_SIGNATURE.hash`. */
export type Read<T> = (c: Cursor, where: string) => T;

/** Stands for a place while nobody needs it. A failure then has no words of its own: whoever knows the place reads again. */
export const unsaid = '\0';
/** Thrown in place of an error whose place is `unsaid`: reading again throws the real one. */
const again = Symbol('read again, saying where');

/** The place of a part: `.hash`, `[3]`. */
export const within = (where: string, part: string): string => (where === unsaid ? unsaid : where + part);

/**
 * What is wrong at byte `at`, to be thrown.
 * @param code without `wire-`
 */
export const bad = (code: string, where: string, at: number, expected: string, got: unknown): unknown =>
  where === unsaid ? again : new AssayError(`wire-${code}`, `${where} at byte ${at}`, expected, got);

/** Reads without words first, and once more with them when that failed. The values and the errors are those of `read`. */
export const saidOnce =
  <T>(read: Read<T>): Read<T> =>
  (c, where) => {
    if (where === unsaid) return read(c, unsaid);
    const start = c.at;
    try {
      return read(c, unsaid);
    } catch {
      c.at = start;
      return read(c, where);
    }
  };

/** The next `n` bytes, a view, not a copy. @throws AssayError `wire-short` */
export const take = (c: Cursor, n: number, where: string): Uint8Array => {
  const start = advance(c, n, where);
  return c.bytes.subarray(start, start + n);
};

/** Passes `n` bytes. @returns where they began. @throws AssayError `wire-short` */
export const advance = (c: Cursor, n: number, where: string): number => {
  const start = c.at;
  const end = start + n;
  if (!(end <= c.bytes.length)) throw bad('short', where, start, `${n} more bytes`, c.bytes.length - start);
  c.at = end;
  return start;
};
