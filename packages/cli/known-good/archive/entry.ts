// What lies in an archive, one after the other. No entry is ever written to a disk, and no link is followed.
import { AssayError } from '@assay/core';
import { limits } from '../limits.ts';
import type { Pieces } from './byte-source.ts';

export type ArchiveEntry =
  | {
      kind: 'file';
      /** Absolute: where it will lie on a host. */
      path: string;
      size: number;
      /** By its mode. */
      executable: boolean;
      /** May be read once, before the next entry is asked for; what is left is passed over. */
      content: Pieces;
    }
  /** A hard link: the content of a file that came before. */
  | { kind: 'link'; path: string; target: string; executable: boolean }
  | { kind: 'other'; path: string };

/**
 * A path as archives have it, absolute: `./usr/bin/x`, `usr/bin/x` and `/usr/bin/x` are one. Text as IMA's list has it.
 * @throws AssayError `archive-path` for one that leads out of the archive or is none
 */
export function absolutePath(name: Uint8Array, where: string): string {
  const text = Buffer.from(name.buffer, name.byteOffset, name.length).toString('utf8');
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (name.length > limits.path || parts.includes('..') || text.includes('\0'))
    throw new AssayError('archive-path', where, `a path of at most ${limits.path} bytes without ..`, text);
  return `/${parts.join('/')}`;
}

const someExecute = 0o111;
export const isExecutable = (mode: number): boolean => (mode & someExecute) !== 0;

/** Counts entries. @throws AssayError `archive-long` */
export function countEntries(where: string): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count > limits.entries)
      throw new AssayError('archive-long', where, `at most ${limits.entries} entries`, 'more');
  };
}
