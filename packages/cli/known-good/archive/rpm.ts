// Reads an RPM package (format 3 and 4): lead, signatures (not checked: rpm -K does), header, and a cpio archive of its files.
import { AssayError } from '@assay/core';
import { limits } from '../limits.ts';
import { ByteSource } from './byte-source.ts';
import { type NamedFile, readCpio } from './cpio.ts';
import { type Compression, decompressed } from './decompress.ts';
import { absolutePath } from './entry.ts';
import type { OpenPackage } from './open-package.ts';

export const rpmMagic = Buffer.from('edabeedb', 'hex');
const leadBytes = 96;
const headerMagic = Buffer.from('8eade801', 'hex');
/** As rpm itself has it: entries and bytes of a header. */
const mostEntries = 65_535;
const longestHeader = 256 << 20;

const bad = (where: string, expected: string, got: unknown) => new AssayError('package-rpm', where, expected, got);

/** Tags of the header (rpmtag.h). */
const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  sizes: 1028,
  modes: 1030,
  digests: 1035,
  inodes: 1096,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  format: 1124,
  compressor: 1125,
  longSizes: 5008,
  digestAlgorithm: 5011,
} as const;
const sha256 = 8; // RFC 4880, section 9.4

/** @throws AssayError `package-rpm` and those of archives */
export async function openRpm(source: ByteSource, unpacked: number): Promise<OpenPackage> {
  const lead = await source.take(leadBytes);
  if (!lead.subarray(0, 4).equals(rpmMagic)) throw bad(source.where, 'an RPM lead', lead.subarray(0, 4));
  const signature = await readHeader(source);
  await source.pass(-signature.bytes & 7);
  const header = await readHeader(source);
  const one = (tag: number) => header.texts(tag)[0]?.slice(0, limits.words) || undefined;
  const [name, version, release] = [one(tags.name), one(tags.version), one(tags.release)];
  if (!name || !version || !release) throw bad(`${source.where}: header`, 'name, version and release', name ?? 'none');
  const [epoch] = header.numbers(tags.epoch);
  const format = one(tags.format) ?? 'cpio';
  if (format !== 'cpio') throw bad(`${source.where}: header`, 'a payload of cpio', format);
  const files = filesOf(header, source.where);
  const payload = `${source.where}: payload`;
  const content = decompressed(source.rest(), compressionOf(one(tags.compressor) ?? 'gzip', payload), payload);
  const archive = new ByteSource(content, payload, unpacked);
  return {
    name,
    version: `${epoch ? `${epoch}:` : ''}${version}-${release}`,
    vendor: one(tags.vendor),
    entries: readCpio(archive, files),
    digests: digestsOf(header, files),
    end: async () => undefined, // the payload goes to the end
  };
}

const compressors: Readonly<Record<string, Compression>> = { gzip: 'gzip', xz: 'xz', zstd: 'zstd', lzma: 'lzma' };

function compressionOf(compressor: string, where: string): Compression {
  const known = compressors[compressor];
  if (known) return known;
  const hint = 'unpack it with rpm2cpio and import its files';
  throw new AssayError('archive-compression', where, Object.keys(compressors).join(', '), compressor, { hint });
}

type Header = {
  bytes: number;
  texts(tag: number): string[];
  numbers(tag: number): number[];
};

/** By type: how many bytes a number has. */
const widths: Readonly<Record<number, 1 | 2 | 4 | 8>> = { 2: 1, 3: 2, 4: 4, 5: 8 };
const textTypes = [6, 8, 9];

async function readHeader(source: ByteSource): Promise<Header> {
  const where = source.place;
  const start = await source.take(16);
  if (!start.subarray(0, 4).equals(headerMagic)) throw bad(where, 'the header of an RPM package', start.subarray(0, 4));
  const [count, bytes] = [start.readUInt32BE(8), start.readUInt32BE(12)];
  if (count > mostEntries || bytes > longestHeader)
    throw bad(where, `at most ${mostEntries} entries, ${longestHeader} bytes`, `${count}, ${bytes}`);
  const index = Buffer.from(await source.take(count * 16));
  const store = Buffer.from(await source.take(bytes));
  const rows = new Map<number, { type: number; at: number; items: number }>();
  for (let i = 0; i < count; i++) {
    const [tag = 0, type = 0, at = 0, items = 0] = [0, 4, 8, 12].map((part) => index.readUInt32BE(i * 16 + part));
    if (rows.has(tag)) throw bad(where, 'each tag once', tag);
    if (at > bytes || items > bytes) throw bad(where, `entries within ${bytes} bytes`, `tag ${tag} at ${at}`);
    rows.set(tag, { type, at, items });
  }
  return {
    bytes,
    texts(tag) {
      const row = rows.get(tag);
      if (!row) return [];
      if (!textTypes.includes(row.type)) throw bad(where, `text of tag ${tag}`, `type ${row.type}`);
      return textsAt(store, row, `${where}: tag ${tag}`);
    },
    numbers(tag) {
      const row = rows.get(tag);
      if (!row) return [];
      const width = widths[row.type];
      if (!width || row.at + row.items * width > bytes) throw bad(where, `numbers of tag ${tag}`, `type ${row.type}`);
      return Array.from({ length: row.items }, (_, i) =>
        width === 8 ? Number(store.readBigUInt64BE(row.at + i * 8)) : store.readUIntBE(row.at + i * width, width),
      );
    },
  };
}

function textsAt(store: Buffer, { at, items }: { at: number; items: number }, where: string): string[] {
  const texts: string[] = [];
  for (let i = 0, from = at; i < items; i++) {
    const end = store.indexOf(0, from);
    if (end < 0) throw bad(where, `${items} texts`, i);
    texts.push(store.toString('utf8', from, end));
    from = end + 1;
  }
  return texts;
}

function filesOf(header: Header, where: string): NamedFile[] {
  const [folders, folderOf] = [header.texts(tags.dirNames), header.numbers(tags.dirIndexes)];
  const [modes, inodes] = [header.numbers(tags.modes), header.numbers(tags.inodes)];
  const long = header.numbers(tags.longSizes);
  const sizes = long.length ? long : header.numbers(tags.sizes);
  const names = header.texts(tags.baseNames);
  if (names.length > limits.entries) throw bad(`${where}: header`, `at most ${limits.entries} files`, names.length);
  return names.map((name, i) => {
    const [folder, mode, size] = [folders[folderOf[i] ?? -1], modes[i], sizes[i]];
    if (folder === undefined || mode === undefined || size === undefined || !Number.isSafeInteger(size))
      throw bad(`${where}: header`, `folder, mode and size of file ${i}`, name);
    return { path: absolutePath(Buffer.from(folder + name), where), mode, size, inode: inodes[i] ?? -i };
  });
}

function digestsOf(header: Header, files: readonly NamedFile[]): Map<string, string> {
  const digests = header.texts(tags.digests);
  if (header.numbers(tags.digestAlgorithm)[0] !== sha256) return new Map();
  return new Map(files.flatMap(({ path }, i) => (digests[i] ? [[path, digests[i].toLowerCase()] as const] : [])));
}
