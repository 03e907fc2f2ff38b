// What is this that an operator wants to import? Told by content, not by name.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ByteSource } from './archive/byte-source.ts';
import { debMagic } from './archive/deb.ts';
import { rpmMagic } from './archive/rpm.ts';
import { bootFileKind } from './boot-file.ts';
import { looksLikeList } from './list.ts';
import { readable, unreadable } from './read.ts';

export type Kind = 'package' | 'file' | 'list' | 'folder';

const enough = 4096;

/** @param path `-` is a list  @throws AssayError `file-unreadable` */
export async function kindOf(path: string): Promise<Kind> {
  if (path === '-') return 'list';
  const is = await stat(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  if (is.isDirectory()) return 'folder';
  const source = new ByteSource(readable(createReadStream(path, { end: enough - 1 }), path), path);
  const head = (await source.ended()) ? Buffer.alloc(0) : await source.peek(enough);
  await source.close();
  if (head.subarray(0, debMagic.length).equals(debMagic)) return 'package';
  if (head.subarray(0, rpmMagic.length).equals(rpmMagic)) return 'package';
  return !startsAsBootFile(head, path) && looksLikeList(head) ? 'list' : 'file';
}

function startsAsBootFile(head: Uint8Array, path: string): boolean {
  try {
    return bootFileKind(head, path) !== undefined;
  } catch {
    return true; // the beginning of an image, and no more of it
  }
}
