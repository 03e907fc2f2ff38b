// Reads a Debian package (deb(5)): an ar archive of `debian-binary`, a tar archive of what is said of the package, and one of its files.
import { AssayError } from '@assay/core';
import { limits } from '../limits.ts';
import { ByteSource } from './byte-source.ts';
import { type Compression, decompressed } from './decompress.ts';
import type { OpenPackage } from './open-package.ts';
import { readTar } from './tar.ts';

export const debMagic = Buffer.from('!<arch>\n', 'latin1');

const bad = (where: string, expected: string, got: unknown) => new AssayError('package-deb', where, expected, got);

const longestControl = 1 << 20;
/** What is said of a package, unpacked: scripts and lists of files too. */
const mostControl = 64 << 20;

/** @throws AssayError `package-deb` and those of archives */
export async function openDeb(source: ByteSource, unpacked: number): Promise<OpenPackage> {
  const magic = await source.take(debMagic.length);
  if (!magic.equals(debMagic)) throw bad(source.where, '!<arch>', magic);
  const first = await member(source);
  const format = first.name === 'debian-binary' ? (await source.take(Math.min(first.size, 16))).toString('latin1') : '';
  if (!/^2\.\d+\n/.test(format)) throw bad(source.where, 'debian-binary 2.x as its first part', format || first.name);
  await first.end();
  const control = await memberNamed(source, 'control.tar');
  const said = await controlOf(new ByteSource(control.content, `${source.where}: ${control.name}`, mostControl));
  await control.end();
  const data = await memberNamed(source, 'data.tar');
  return {
    ...said,
    entries: readTar(new ByteSource(data.content, `${source.where}: ${data.name}`, unpacked)),
    end: data.end,
  };
}

type Member = { name: string; size: number; end(): Promise<void> };

async function member(source: ByteSource): Promise<Member> {
  const where = source.place;
  const header = (await source.take(60)).toString('latin1');
  const [, name, size] = /^(.{16}).{32}(\d{1,10}) *`\n$/s.exec(header) ?? [];
  if (name === undefined) throw bad(where, 'a header of ar', header);
  const bytes = Number(size);
  const end = source.at + bytes;
  return {
    name: name.trimEnd().replace(/\/$/, ''),
    size: bytes,
    end: async () => {
      await source.pass(end - source.at);
      if (bytes % 2 && !(await source.ended())) await source.pass(1);
    },
  };
}

const compressions: Readonly<Record<string, Compression>> = {
  '': 'none',
  '.gz': 'gzip',
  '.xz': 'xz',
  '.zst': 'zstd',
  '.lzma': 'lzma',
};

/** The next part, which has to be this one; those that begin with an underscore are for others. */
async function memberNamed(source: ByteSource, wanted: string) {
  for (;;) {
    const place = source.place;
    const found = await member(source);
    if (found.name.startsWith('_')) {
      await found.end();
      continue;
    }
    if (!found.name.startsWith(wanted)) throw bad(place, wanted, found.name);
    const compression = compressions[found.name.slice(wanted.length)];
    if (!compression)
      throw new AssayError('archive-compression', place, `${wanted} with gz, xz or zst`, found.name, {
        hint: 'unpack it with dpkg-deb -x and import its files',
      });
    const content = decompressed(source.pieces(found.size), compression, `${source.where}: ${found.name}`);
    return { ...found, content };
  }
}

async function controlOf(source: ByteSource): Promise<Pick<OpenPackage, 'name' | 'version' | 'vendor'>> {
  let text: string | undefined;
  for await (const entry of readTar(source))
    if (entry.kind === 'file' && entry.path === '/control' && entry.size <= longestControl)
      text = Buffer.concat(await Array.fromAsync(entry.content)).toString('utf8');
  const field = (name: string) =>
    text
      ?.match(new RegExp(`^${name}:(.*)`, 'im'))?.[1]
      ?.slice(0, 2 * limits.words)
      .trim()
      .slice(0, limits.words);
  const [name, version] = [field('Package'), field('Version')];
  if (!name || !version) throw bad(`${source.where}: control`, 'Package and Version', text ?? 'none');
  return { name, version, vendor: field('Maintainer')?.split('<', 1)[0]?.trim() };
}
