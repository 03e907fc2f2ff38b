// What does firmware measure of an EFI application? Not its file: the Authenticode digest (Microsoft, Windows Authenticode Portable Executable
// Signature Format, v1.0), which leaves out what signing changes. Computed as EDK2 and shim do before they start an image. Says nothing of who signed.
import { createHash } from 'node:crypto';
import { AssayError, bytes, type Cursor, type Of, struct, u16le, u32le } from '@assay/core';
import { latin1 } from './primitives.ts';

export type PeSection = {
  /** Without what fills it up: `.linux`; a long one as the table of strings has it. */
  name: string;
  /** Of the file, without what only fills it up there; the header may promise more memory than the file has bytes. */
  data: Uint8Array;
};

/** A PE/COFF image, as far as its digest needs it. */
export type PeImage = {
  /** In the order of the section table. */
  sections: readonly PeSection[];
  /** What of the file is hashed, in this order. */
  hashed: readonly Uint8Array[];
};

const Coff = struct({
  signature: bytes(4),
  machine: u16le,
  sections: u16le,
  timeDateStamp: u32le,
  symbolTable: u32le,
  symbols: u32le,
  sizeOfOptionalHeader: u16le,
  characteristics: u16le,
});
const Section = struct({
  name: bytes(8),
  virtualSize: u32le,
  virtualAddress: u32le,
  sizeOfRawData: u32le,
  pointerToRawData: u32le,
  relocations: bytes(16),
});
const coffBytes = 24;
const symbolBytes = 18;
const longestName = 64;

/** Of the optional header: where its count of data directories stands, by its magic number. */
const directoriesAt: Readonly<Record<number, number>> = { 267: 92, 523: 108 };
const sizeOfHeadersAt = 60;
const checksumAt = 64;
/** The fifth data directory is the certificate table. */
const certificateTable = 4;
/** The Windows loader takes 96; EFI applications have about ten. */
const mostSections = 96;

const bad = (where: string, at: number, expected: string, got: unknown): AssayError =>
  new AssayError('pe', `${where} at byte ${at}`, expected, got);

/** Whether these bytes begin as a DOS header does: enough to say what else is wrong with them as an image. */
export const looksLikePe = (file: Uint8Array): boolean => file[0] === 0x4d && file[1] === 0x5a;

/**
 * @param file the whole of it
 * @throws AssayError `pe` for what is no PE image, or one whose parts lie outside the file; `wire-short` for one that ends early
 */
export function readPe(file: Uint8Array, where: string): PeImage {
  if (!looksLikePe(file)) throw bad(where, 0, 'MZ, as a PE image begins', latin1(file.subarray(0, 2)));
  const at = u32le.read({ bytes: file, at: 0x3c }, `${where}: e_lfanew`);
  const c: Cursor = { bytes: file, at };
  const coff = Coff.read(c, `${where}: COFF header`);
  if (latin1(coff.signature) !== 'PE\0\0') throw bad(where, at, 'PE\\0\\0', coff.signature);
  const optional = at + coffBytes;
  const number = (codec: typeof u16le, from: number, name: string) =>
    codec.read({ bytes: file, at: optional + from }, `${where}: ${name}`);
  const directories = directoriesAt[number(u16le, 0, 'Magic')];
  if (directories === undefined) throw bad(where, optional, 'PE32 or PE32+', number(u16le, 0, 'Magic'));
  const sizeOfHeaders = number(u32le, sizeOfHeadersAt, 'SizeOfHeaders');
  const count = number(u32le, directories, 'NumberOfRvaAndSizes');
  const entry = optional + directories + 4 + certificateTable * 8;
  const hasEntry = count > certificateTable;
  c.at = optional + coff.sizeOfOptionalHeader;
  if ((hasEntry ? entry + 8 : optional + checksumAt + 4) > c.at)
    throw bad(where, optional, 'an optional header that holds its fields', `${coff.sizeOfOptionalHeader} bytes`);
  if (coff.sections > mostSections) throw bad(where, at, `at most ${mostSections} sections`, coff.sections);
  const table = Array.from({ length: coff.sections }, (_, i) => Section.read(c, `${where}: section ${i}`));
  if (sizeOfHeaders < c.at || sizeOfHeaders > file.length)
    throw bad(where, optional + sizeOfHeadersAt, `headers that end between ${c.at} and ${file.length}`, sizeOfHeaders);
  const sections = table.map((row, i) => ({ row, data: rawData(file, row, `${where}: section ${i}`) }));
  const certificates = hasEntry ? number(u32le, entry + 4 - optional, 'size of certificates') : 0;
  const certificatesAt = hasEntry ? number(u32le, entry - optional, 'place of certificates') : 0;
  if (certificatesAt + certificates > file.length)
    throw bad(where, certificatesAt, `${certificates} bytes of certificates`, file.length - certificatesAt);
  const inFileOrder = sections
    .filter(({ data }) => data.length > 0)
    .sort((a, b) => a.row.pointerToRawData - b.row.pointerToRawData);
  // Bytes counted, not places: what EDK2 takes for the end of the sections when they overlap or leave gaps.
  const summed = inFileOrder.reduce((sum, { data }) => sum + data.length, sizeOfHeaders);
  if (summed + certificates > file.length)
    throw bad(where, entry + 4, `certificates and sections of together ${file.length} bytes`, summed + certificates);
  return {
    sections: sections.map(({ row, data }) => ({
      name: nameOf(row, coff, file),
      data: data.subarray(0, row.virtualSize || data.length),
    })),
    hashed: [
      file.subarray(0, optional + checksumAt),
      ...(hasEntry
        ? [file.subarray(optional + checksumAt + 4, entry), file.subarray(entry + 8, sizeOfHeaders)]
        : [file.subarray(optional + checksumAt + 4, sizeOfHeaders)]),
      ...inFileOrder.map(({ data }) => data),
      file.subarray(summed, file.length - certificates),
    ],
  };
}

/** `/37`: at byte 37 of the table of strings, which follows that of symbols. It names a section, and no more: one that is not there is left as it stands. */
function nameOf(row: Of<typeof Section>, { symbolTable, symbols }: Of<typeof Coff>, file: Uint8Array): string {
  const name = latin1(row.name).replace(/\0.*$/s, '');
  const at = /^\/(\d{1,7})$/.exec(name)?.[1];
  if (at === undefined || symbolTable === 0) return name;
  const start = symbolTable + symbols * symbolBytes + Number(at);
  const end = file.indexOf(0, start);
  return start < file.length && end > start && end - start <= longestName ? latin1(file.subarray(start, end)) : name;
}

function rawData(file: Uint8Array, row: Of<typeof Section>, where: string): Uint8Array {
  const { pointerToRawData: start, sizeOfRawData: size } = row;
  if (size === 0) return file.subarray(0, 0);
  if (start + size > file.length) throw bad(where, start, `${size} bytes of the file`, file.length - start);
  return file.subarray(start, start + size);
}

/**
 * The Authenticode digest as firmware measures it: of the file as it lies on the disk. Signing fills a file up to eight bytes first, so a file that is
 * not signed yet may have another digest afterwards.
 */
export function authenticodeDigest({ hashed }: PeImage, algorithm: 'sha256' | 'sha384'): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of hashed) hash.update(part);
  return hash.digest();
}
