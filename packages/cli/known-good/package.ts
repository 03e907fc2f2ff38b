// What does a package bring that a host would measure? Its kernels, boot loaders and hypervisors by what a boot measures of them, and an allow list for
// IMA. Says nothing of who made the package: apt and rpm check signatures.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { AssayError } from '@assay/core';
import type { NewReferenceValue, ReferenceFile } from '@assay/protocol';
import { ByteSource, type Pieces } from './archive/byte-source.ts';
import { debMagic, openDeb } from './archive/deb.ts';
import type { ArchiveEntry } from './archive/entry.ts';
import type { OpenPackage } from './archive/open-package.ts';
import { openRpm, rpmMagic } from './archive/rpm.ts';
import { type BootPart, bootFileKind, bootParts } from './boot-file.ts';
import { digested } from './digests.ts';
import { limits } from './limits.ts';
import { enoughToTell, looksLike } from './looks-like.ts';
import type { PackageOptions } from './options.ts';
import { readable, sizeOf } from './read.ts';
import { filesValues, measurementValues } from './values.ts';

/** @throws AssayError `package-unknown`, `package-empty`, `package-digest`, `file-unreadable`, `pe`, and those of packages and archives */
export async function readPackage(path: string, options: PackageOptions = {}): Promise<NewReferenceValue[]> {
  const size = await sizeOf(path); // before it is opened: nobody would hear why that failed
  return await valuesOfPackage(readable(createReadStream(path), path), size, path, options);
}

/** @param size of all pieces: it bounds what may come of them */
export async function valuesOfPackage(
  pieces: Pieces,
  size: number,
  path: string,
  options: PackageOptions = {},
): Promise<NewReferenceValue[]> {
  const hash = createHash('sha256');
  const source = new ByteSource(observed(pieces, hash), path, limits.input);
  try {
    const unpacked = Math.max(limits.unpacked, size * limits.ratio);
    const opened = await openPackage(source, unpacked);
    const found = await contentOf(opened, options, path);
    await opened.end();
    for await (const _ of source.rest()); // dpkg passes over what else there is; the hash is of all
    return valuesOf(opened, found, options, { kind: 'package', name: basename(path), sha256: hash.digest('hex') });
  } finally {
    await source.close();
  }
}

async function* observed(pieces: Pieces, hash: { update(bytes: Uint8Array): unknown }): Pieces {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

async function openPackage(source: ByteSource, unpacked: number): Promise<OpenPackage> {
  const start = (await source.ended()) ? Buffer.alloc(0) : await source.peek(enoughToTell);
  if (start.subarray(0, debMagic.length).equals(debMagic)) return await openDeb(source, unpacked);
  if (start.subarray(0, rpmMagic.length).equals(rpmMagic)) return await openRpm(source, unpacked);
  const { is, import: importable } = looksLike(start);
  const hint = importable ? { hint: 'assay reference import takes it' } : {};
  throw new AssayError('package-unknown', source.where, 'a Debian or an RPM package', is, hint);
}

type Content = { parts: BootPart[]; files: ReferenceFile[] };

async function contentOf(opened: OpenPackage, options: PackageOptions, where: string): Promise<Content> {
  const content: Content = { parts: [], files: [] };
  const wantsFiles = options.files !== false;
  const digests = new Map<string, { sha256: string; runs: boolean }>();
  for await (const entry of opened.entries) {
    if (entry.kind === 'other') continue;
    const place = `${where}: ${entry.path}`;
    if (digests.has(entry.path)) throw new AssayError('archive-entry', place, 'each file once', 'another');
    let known = entry.kind === 'link' ? digests.get(entry.target) : undefined;
    if (entry.kind === 'link') {
      if (!known) throw new AssayError('archive-entry', place, 'a link to a file that came before', entry.target);
    } else {
      known = await fileOf(entry, content, options, place);
      const said = opened.digests?.get(entry.path);
      if (said !== undefined && said !== known.sha256)
        throw new AssayError('package-digest', place, `sha256 ${said}, as the package says`, known.sha256);
    }
    digests.set(entry.path, known);
    if (wantsFiles && (options.everyFile || known.runs || entry.executable))
      for (const path of spellings(entry.path)) content.files.push({ path, digests: { sha256: known.sha256 } });
  }
  return content;
}

/** Reads a file, and keeps what a boot measures of it. */
async function fileOf(
  entry: Extract<ArchiveEntry, { kind: 'file' }>,
  content: Content,
  options: PackageOptions,
  place: string,
): Promise<{ sha256: string; runs: boolean }> {
  const boots = !options.filesOnly && bootPaths.some((pattern) => pattern.test(entry.path));
  if (boots && entry.size > limits.image)
    throw new AssayError('archive-long', place, `at most ${limits.image} bytes`, entry.size);
  const pieces: Uint8Array[] = [];
  const { digests, head } = await digested(boots ? kept(entry.content, pieces) : entry.content);
  if (boots) {
    const bytes = Buffer.concat(pieces);
    // Of a kernel that is no EFI application (POWER, s390) at least its file is measured.
    const kind = bootFileKind(bytes, entry.path) ?? (isKernelPath(entry.path) ? 'kernel' : undefined);
    if (kind && kind !== 'initrd') content.parts.push(...bootParts(kind, bytes, entry.path));
    else if (isKernelPath(entry.path)) content.parts.push(...bootParts('kernel', bytes, entry.path));
  }
  return { sha256: digests.sha256, runs: entry.executable || runs(entry.path, head) };
}

async function* kept(pieces: Pieces, into: Uint8Array[]): Pieces {
  for await (const piece of pieces) {
    into.push(piece);
    yield piece;
  }
}

/** Where packages have what firmware or a boot loader starts. Stubs that become part of an image are none. */
const bootPaths = [
  /^\/(boot|(usr\/)?lib\/modules\/[^/]+)\/(vmlinu[xz]|bzImage)[^/]*$/,
  /\.efi(\.signed)?$/i,
  /^\/boot\/xen[^/]*\.gz$/,
];
const isKernelPath = (path: string): boolean =>
  bootPaths[0]?.test(path) === true && !/\.(hmac|sig|p7s|gz\.sig)$/.test(path);

/** What the kernel executes, maps or loads: programs, libraries, scripts, modules, firmware. */
const runs = (path: string, head: Uint8Array): boolean =>
  Buffer.from(head.subarray(0, 4)).toString('latin1') === '\x7fELF' ||
  (head[0] === 0x23 && head[1] === 0x21) ||
  /\.(ko|ko\.(xz|gz|zst)|so(\.[0-9.]+)?)$/.test(path) ||
  /^\/(usr\/)?lib\/firmware\//.test(path);

/** Packages still name folders that are links into /usr; IMA names where a file really is, which is one of both. */
function spellings(path: string): string[] {
  const [, usr, rest] = /^(\/usr)?(\/(?:bin|sbin|lib|lib32|lib64|libx32|libo32)\/.*)$/s.exec(path) ?? [];
  if (rest === undefined) return [path];
  return usr ? [path, rest] : [path, `/usr${rest}`];
}

function valuesOf(
  { name, version, vendor }: OpenPackage,
  { parts, files }: Content,
  options: PackageOptions,
  source: NewReferenceValue['source'],
): NewReferenceValue[] {
  const said = { vendor, name, version, ...defined(options) };
  const byComponent = Map.groupBy(parts, ({ component }) => component);
  const values = [
    ...[...byComponent].flatMap(([component, those]) =>
      measurementValues(
        { ...said, component, source },
        those.flatMap(({ measurements }) => measurements),
      ),
    ),
    ...filesValues({ ...said, component: 'operating_system', source }, files),
  ];
  if (values.length === 0)
    throw new AssayError('package-empty', source.name, 'a kernel, a boot loader or programs', 'none of these', {
      hint: 'it may only name other packages; for rules of IMA that measure what is read, take what it has with --every-file',
    });
  return values;
}

const defined = ({ vendor, name, version }: PackageOptions) =>
  Object.fromEntries(Object.entries({ vendor, name, version }).filter(([, value]) => value !== undefined));
