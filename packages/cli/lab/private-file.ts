// How does a file of the lab reach the disk? In one step, with its mode from the first byte on; a secret is never readable by others.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { readOrMakePrivate } from '@assay/daemon';

/** Readable by its owner only. */
export const writePrivate = (file: string, content: string | Uint8Array) => replace(file, content, 0o600);
export const writePublic = (file: string, content: string | Uint8Array) => replace(file, content, 0o644);

/** The secret in this file, made by `make` when there is none. @throws AssayError `lab-secret` when others can read it, or it is empty */
export function secretIn(file: string, make: () => string): string {
  const told = { what: 'a secret', code: 'lab-secret' };
  const secret = readOrMakePrivate(file, told, () => `${make()}\n`)
    .toString()
    .trim();
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
