// Reads cpio as RPM packages have it: the new ASCII format (`newc`, with and without checksums), and RPM's own of files over 4 GiB, which
// names a file by its number in the package's header.
import { AssayError } from '@assay/core';
import { limits } from '../limits.ts';
import type { ByteSource } from './byte-source.ts';
import { type ArchiveEntry, absolutePath, countEntries, isExecutable } from './entry.ts';

/** A file as a package's header has it, where the archive does not say it itself. */
export type NamedFile = { path: string; size: number; mode: number; inode: number };

const headerBytes = 110;
const regular = 0o100000;
const kindOfMode = 0o170000;

const bad = (where: string, expected: string, got: unknown) => new AssayError('archive-entry', where, expected, got);

/**
 * Closes the source in the end.
 * @param named the files of the package's header, by number
 * @throws AssayError `archive-entry`, `archive-short`, `archive-path`, `archive-long`
 */
export async function* readCpio(
  source: ByteSource,
  named: readonly NamedFile[] = [],
): AsyncGenerator<ArchiveEntry, void, void> {
  try {
    yield* entriesOf(source, named);
    for await (const _ of source.rest()); // to the end, so that what is cut short is found out
  } finally {
    await source.close();
  }
}

async function* entriesOf(source: ByteSource, named: readonly NamedFile[]): AsyncGenerator<ArchiveEntry, void, void> {
  const count = countEntries(source.where);
  /** Of files with several names only the last has the content. */
  const waiting = new Map<string, Omit<Extract<ArchiveEntry, { kind: 'link' }>, 'target'>[]>();
  const names = Map.groupBy(named, ({ inode }) => inode);
  for (;;) {
    const where = source.place;
    const header = await readHeader(source, { named, names }, where);
    if (!header) return;
    count();
    const { path, size, mode, inode, links } = header;
    if ((mode & kindOfMode) !== regular) {
      await source.pass(size + (-size & 3)); // the target of a symbolic link
      yield { kind: 'other', path };
      continue;
    }
    const executable = isExecutable(mode);
    if (links > 1 && size === 0) {
      const others = waiting.get(inode) ?? [];
      others.push({ kind: 'link', path, executable });
      waiting.set(inode, others);
      continue;
    }
    const end = source.at + size;
    yield { kind: 'file', path, size, executable, content: source.pieces(size) };
    await source.pass(end - source.at + (-size & 3));
    for (const link of waiting.get(inode) ?? []) yield { ...link, target: path };
    waiting.delete(inode);
  }
}

/** Files of the package's header, and those that are one file of several names. */
type Known = { named: readonly NamedFile[]; names: ReadonlyMap<number, readonly NamedFile[]> };
type Header = { path: string; size: number; mode: number; inode: string; links: number };

/** Undefined: the end. */
async function readHeader(source: ByteSource, known: Known, where: string): Promise<Header | undefined> {
  const magic = (await source.take(6)).toString('latin1');
  if (magic === '07070X') return await readShort(source, known, where);
  if (magic !== '070701' && magic !== '070702') throw bad(where, 'a header of cpio (newc)', magic);
  const text = (await source.take(headerBytes - 6)).toString('latin1');
  if (!/^[0-9A-Fa-f]{104}$/.test(text)) throw bad(where, 'hexadecimal digits', text);
  const field = (i: number) => Number.parseInt(text.slice(i * 8, i * 8 + 8), 16);
  const length = field(11);
  if (length < 1 || length > limits.path + 1) throw bad(where, `a name of at most ${limits.path} bytes`, length);
  const name = Buffer.from(await source.take(length));
  await source.pass(-(headerBytes + length) & 3);
  if (name.at(-1) !== 0) throw bad(where, 'a NUL behind the name', name);
  if (name.toString('latin1') === 'TRAILER!!!\0') return undefined;
  const path = absolutePath(name.subarray(0, -1), where);
  return { path, size: field(6), mode: field(1), inode: `${field(7)}:${field(8)}:${field(0)}`, links: field(4) };
}

async function readShort(source: ByteSource, { named, names }: Known, where: string): Promise<Header> {
  const text = (await source.take(8)).toString('latin1');
  await source.pass(2);
  const file = /^[0-9A-Fa-f]{8}$/.test(text) ? named[Number.parseInt(text, 16)] : undefined;
  if (!file) throw bad(where, 'the number of a file of the package', text);
  const { path, mode, inode } = file;
  const linked = names.get(inode) ?? [file];
  const size = linked.length > 1 && linked.at(-1) !== file ? 0 : file.size;
  return {
    path,
    mode,
    size: (mode & kindOfMode) === regular ? size : file.size,
    inode: `${inode}`,
    links: linked.length,
  };
}
