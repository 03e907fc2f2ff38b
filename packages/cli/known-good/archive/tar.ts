// Reads tar: ustar (POSIX.1-1988), with the long names of GNU tar and of pax (POSIX.1-2001). Strict: what dpkg would not unpack is refused,
// so that nothing is called good that a host would not get.
import { AssayError } from '@assay/core';
import type { ByteSource } from './byte-source.ts';
import { type ArchiveEntry, absolutePath, countEntries, isExecutable } from './entry.ts';

const block = 512;
/** Of a pax header: some lines. */
const longestExtra = 64 * 1024;

/** Closes the source in the end. @throws AssayError `archive-entry`, `archive-short`, `archive-path`, `archive-long` */
export async function* readTar(source: ByteSource): AsyncGenerator<ArchiveEntry, void, void> {
  try {
    yield* entriesOf(source);
  } finally {
    await source.close();
  }
}

async function* entriesOf(source: ByteSource): AsyncGenerator<ArchiveEntry, void, void> {
  const count = countEntries(source.where);
  let extra: Extra = {};
  for (;;) {
    const where = source.place;
    if (await source.ended()) throw bad(where, 'a block of zeros at the end', 'none');
    const header = readHeader(await source.take(block), where);
    if (!header) return await onlyZeros(source);
    count();
    const { type } = header;
    if (type === 'L' || type === 'K' || type === 'x') {
      const text = await extraText(source, header.size, where);
      extra = { ...extra, ...(type === 'x' ? paxOf(text, where) : { [type === 'L' ? 'path' : 'link']: text }) };
      continue;
    }
    if (type === 'g') {
      await extraText(source, header.size, where); // comments of git and the like
      continue;
    }
    const path = absolutePath(extra.path === undefined ? header.name : withoutNul(extra.path), where);
    const target = extra.link === undefined ? header.link : withoutNul(extra.link);
    const size = extra.size ?? header.size;
    extra = {};
    if (type === '0') yield* file(source, { path, size, executable: isExecutable(header.mode) });
    else if (size > 0) throw bad(where, `no content of an entry of type ${type}`, `${size} bytes`);
    else if (type === '1')
      yield { kind: 'link', path, target: absolutePath(target, where), executable: isExecutable(header.mode) };
    else yield { kind: 'other', path };
  }
}

async function* file(
  source: ByteSource,
  { path, size, executable }: { path: string; size: number; executable: boolean },
): AsyncGenerator<ArchiveEntry, void, void> {
  const end = source.at + size;
  yield { kind: 'file', path, size, executable, content: source.pieces(size) };
  await source.pass(end - source.at + (-size & (block - 1)));
}

type Header = { name: Uint8Array; link: Uint8Array; mode: number; size: number; type: string };
type Extra = { path?: Buffer; link?: Buffer; size?: number };

const bad = (where: string, expected: string, got: unknown) => new AssayError('archive-entry', where, expected, got);

/** Files, hard and symbolic links, devices, folders, pipes; contiguous files are files. */
const types = new Set(['0', '1', '2', '3', '4', '5', '6', '7', 'L', 'K', 'x', 'g']);

/** Undefined: a block of zeros, which ends the archive. */
function readHeader(bytes: Buffer, where: string): Header | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  const sum = bytes.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  const said = numberAt(bytes, 148, 8, where);
  if (sum !== said) throw bad(where, `the checksum ${sum}`, said);
  const flag = String.fromCharCode(bytes[156] ?? 0);
  const type = flag === '\0' || flag === '7' ? '0' : flag;
  if (!types.has(type)) throw bad(where, 'a file, a folder or a link', `an entry of type ${flag}`);
  const name = withoutNul(bytes.subarray(0, 100));
  // GNU tar has other things there, and another magic.
  const prefix = bytes.toString('latin1', 257, 263) === 'ustar\0' ? withoutNul(bytes.subarray(345, 500)) : [];
  return {
    name: prefix.length ? Buffer.concat([Buffer.from(prefix), Buffer.from('/'), name]) : name,
    link: withoutNul(bytes.subarray(157, 257)),
    mode: numberAt(bytes, 100, 8, where),
    size: numberAt(bytes, 124, 12, where),
    type,
  };
}

/** Octal digits; or, as GNU tar writes what is too long for them, binary behind a bit that says so. */
function numberAt(bytes: Buffer, at: number, length: number, where: string): number {
  const field = bytes.subarray(at, at + length);
  if (field[0] === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (Number.isSafeInteger(value)) return value;
  }
  const text = field.toString('latin1');
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text)?.[1];
  if (digits === undefined) throw bad(`${where} + ${at}`, 'an octal number', text);
  return Number.parseInt(digits || '0', 8);
}

function withoutNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

async function extraText(source: ByteSource, size: number, where: string): Promise<Buffer> {
  if (size > longestExtra) throw bad(where, `at most ${longestExtra} bytes of names`, size);
  const text = Buffer.from(await source.take(size));
  await source.pass(-size & (block - 1));
  return text;
}

/** `17 path=usr/bin/x\n`, the length of the line first. */
function paxOf(text: Buffer, where: string): Extra {
  const extra: Extra = {};
  for (let at = 0; at < text.length; ) {
    const length = /^[1-9][0-9]{0,5} /.exec(text.toString('latin1', at, at + 8))?.[0];
    const end = at + Number(length ?? 0);
    if (length === undefined || end > text.length || text[end - 1] !== 0x0a)
      throw bad(where, 'lines of a pax header', text.subarray(at));
    const line = text.subarray(at + length.length, end - 1);
    const equals = line.indexOf('=');
    const [name, value] = [line.toString('latin1', 0, Math.max(0, equals)), line.subarray(equals + 1)];
    if (name === 'path') extra.path = value;
    else if (name === 'linkpath') extra.link = value;
    else if (name === 'size') extra.size = sizeOf(value.toString('latin1'), where);
    else if (name.startsWith('GNU.sparse')) throw bad(where, 'a file without holes', name);
    at = end;
  }
  return extra;
}

function sizeOf(text: string, where: string): number {
  const size = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw bad(where, 'a size', text);
  return size;
}

/** Tar fills its last record up; anything else behind the end would be there for one reader and not for another. */
async function onlyZeros(source: ByteSource): Promise<void> {
  for await (const piece of source.rest()) {
    const at = piece.findIndex((byte) => byte !== 0);
    if (at >= 0) throw bad(source.place, 'nothing behind the end', piece.subarray(at, at + 16));
  }
}
