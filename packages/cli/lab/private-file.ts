// How does a file of the lab reach the disk? In one step, with its mode from the first byte on; a secret is never readable by others.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { AssayError } from '@assay/core';

/** Readable by its owner only. */
export const writePrivate = (file: string, content: string | Uint8Array) => replace(file, content, 0o600);
export const writePublic = (file: string, content: string | Uint8Array) => replace(file, content, 0o644);

/** The secret in this file, made by `make` when there is none. @throws AssayError `lab-secret` when others can read it, or it is empty */
export function secretIn(file: string, make: () => string): string {
  if (!existsSync(file)) {
    const made = make();
    writePrivate(file, `${made}\n`);
    return made;
  }
  const mode = statSync(file).mode & 0o777;
  if (mode & 0o077)
    throw new AssayError('lab-secret', file, 'a file only its owner can read (0600)', `0${mode.toString(8)}`, {
      hint: 'chmod 0600 it, and replace it if others have been on this machine',
    });
  const secret = readFileSync(file, 'utf8').trim();
  if (secret === '')
    throw new AssayError('lab-secret', file, 'a secret', '', { hint: 'remove the file: a new one is made' });
  return secret;
}

function replace(file: string, content: string | Uint8Array, mode: number): void {
  const next = `${file}.next`;
  rmSync(next, { force: true });
  const handle = openSync(next, 'wx', mode);
  try {
    writeSync(handle, content as Uint8Array);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(next, file);
}
