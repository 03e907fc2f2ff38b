// Does a file with a secret or key belong to its owner alone? One rule for all of them, and one way to make what is missing.
// Does not say that nobody read it before, nor that what is in it is any good.
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AssayError } from '@assay/core';

/** How an operator is told. */
export type PrivateFile = {
  /** What it holds: `a private key`. */
  what: string;
  /** Of the error; default `config-value`. */
  code?: string;
  /** The option that names the file: `[api] tls_key_file`. */
  option?: string | undefined;
  /** What to do when there is none. */
  hint?: string;
};

/** A place an operator can go to: the option, where there is one, and the file. */
export const placeOf = (file: string, option?: string) => (option === undefined ? file : `${option} ${file}`);

/**
 * A file's bytes, if its owner alone may use it.
 * @throws AssayError of that code: no such file, not to be read, or open to group or others; never shows what is in it
 */
export function readPrivate(file: string, { what, code = 'config-value', option, hint }: PrivateFile): Buffer {
  const where = placeOf(file, option);
  let mode: number;
  let content: Buffer | undefined;
  try {
    const handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would wait for a writer
    try {
      const stat = fstatSync(handle); // of what is read, whatever has this name by now
      mode = stat.mode & 0o777;
      if (stat.isFile()) content = readFileSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    throw new AssayError(code, where, `${what} that can be read`, reasonOf(cause), { cause, ...(hint && { hint }) });
  }
  if (content === undefined) throw new AssayError(code, where, `${what} in a regular file`, 'another kind of file');
  if ((mode & 0o077) === 0) return content;
  const got = `mode ${mode.toString(8).padStart(4, '0')}`;
  throw new AssayError(code, where, `${what} only its owner can read (mode 0600)`, got, {
    hint: `chmod 600 ${file}, and replace it if others have been on this machine`,
  });
}

/**
 * The same, made at the first start: written beside and linked into place, so that it is there whole or not at all, and two
 * that start at once have one.
 * @param make what a new file is to hold; its folder is made too
 */
export function readOrMakePrivate(file: string, told: PrivateFile, make: () => string | Uint8Array): Buffer {
  if (!existsSync(file)) {
    try {
      makeOnce(file, make());
    } catch (cause) {
      const where = placeOf(file, told.option);
      throw new AssayError(told.code ?? 'config-value', where, `a place for ${told.what}`, reasonOf(cause), { cause });
    }
  }
  return readPrivate(file, told);
}

function makeOnce(file: string, content: string | Uint8Array): void {
  const beside = `${file}.${randomUUID()}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(beside, content, { flag: 'wx', mode: 0o600, flush: true });
    linkSync(beside, file); // fails where the file is there: of several only one can make it
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}

const reasonOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'an error';
