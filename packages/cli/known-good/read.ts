// Files of this machine, read with words for what goes wrong.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AssayError } from '@assay/core';
import type { Pieces } from './archive/byte-source.ts';

/** What the system says, in words. */
const troubles: Readonly<Record<string, string>> = {
  EACCES: 'one that this user may not read',
  EISDIR: 'a folder',
  ENOENT: 'none of this name',
  ENOTDIR: 'none of this name',
};

export function unreadable(where: string, cause: unknown, what = 'a file'): AssayError {
  const { code } = cause as NodeJS.ErrnoException;
  const got = troubles[code ?? ''] ?? cause;
  return new AssayError('file-unreadable', where, `${what} that can be read`, got, { cause });
}

/** Pieces of a stream. @throws while it is read: AssayError `file-unreadable` */
export async function* readable(stream: Readable, where: string): Pieces {
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw unreadable(where, cause);
  }
}

/** In bytes. @throws AssayError `file-unreadable` */
export async function sizeOf(path: string): Promise<number> {
  const { size } = await stat(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  return size;
}

/** All of it. @throws AssayError `file-unreadable`, `file-long` */
export async function readWhole(path: string, most: number, stdin?: Readable): Promise<Buffer> {
  const [stream, where] = path === '-' && stdin ? [stdin, 'standard input'] : [createReadStream(path), path];
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of readable(stream, where)) {
    pieces.push(piece);
    length += piece.length;
    if (length > most) throw new AssayError('file-long', where, `at most ${most} bytes`, 'more');
  }
  return Buffer.concat(pieces);
}
