// What will be measured of these files at the next boot? Kernels, initrds and EFI applications tell by themselves; of anything else an operator has to say what
// it will be measured as.
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AssayError } from '@assay/core';
import type { NewReferenceValue } from '@assay/protocol';
import { debMagic } from './archive/deb.ts';
import { rpmMagic } from './archive/rpm.ts';
import { bootFileKind, bootParts } from './boot-file.ts';
import { componentOfClaim } from './claim.ts';
import { digestsOf } from './digests.ts';
import { limits } from './limits.ts';
import { enoughToTell, looksLike } from './looks-like.ts';
import type { FilesOptions } from './options.ts';
import { readWhole, unreadable } from './read.ts';
import { measurementValues } from './values.ts';

/**
 * @param paths files, and folders of which only what tells by itself is taken; links in them are not followed
 * @throws AssayError `file-kind` for a file that tells nothing, `claim-component`, `file-unreadable`, `file-long`, `pe`
 */
export async function readFiles(paths: readonly string[], options: FilesOptions = {}): Promise<NewReferenceValue[]> {
  const values: NewReferenceValue[] = [];
  for (const path of paths) {
    const is = await stat(path).catch((cause) => {
      throw unreadable(path, cause);
    });
    if (!is.isDirectory()) {
      values.push(...(await valuesOfFile(path, options)));
      continue;
    }
    if (options.claim) throw new AssayError('file-kind', path, 'files, where all are of one claim', 'a folder');
    const found = await folderValues(path, options);
    if (found.length === 0) throw new AssayError('file-kind', path, 'kernels, initrds or EFI applications', 'none');
    for (const value of found) values.push(value); // too many to be arguments
  }
  return values;
}

async function valuesOfFile(path: string, options: FilesOptions): Promise<NewReferenceValue[]> {
  const bytes = await readWhole(path, limits.image);
  const values = valuesOf(path, bytes, options);
  if (values.length === 0)
    throw new AssayError('file-kind', path, 'a kernel, an initrd or an EFI application', 'another file', {
      hint: 'say with --claim what it is measured as: "file of the boot loader" for a grub.cfg',
    });
  return values;
}

/** Much that lies in a folder is packed as an initrd is: there its name has to say it. */
const initrdName = /init(rd|ramfs)/i;

/** @param among whether it is one of a folder's, not named by itself */
function valuesOf(path: string, bytes: Buffer, options: FilesOptions, among = false): NewReferenceValue[] {
  const { claim, component, leaveOut: _, ...said } = options;
  const source = { kind: 'file' as const, name: path, sha256: createHash('sha256').update(bytes).digest('hex') };
  const head = { name: basename(path), ...withoutUndefined(said), source };
  if (claim) {
    const measurement = { claim, digests: { ...digestsOf(bytes) }, description: path.slice(0, 1000) };
    return measurementValues({ ...head, component: componentOfClaim(claim, component, path) }, [measurement]);
  }
  const kind = bootFileKind(bytes, path);
  const parts =
    kind && !(among && kind === 'initrd' && !initrdName.test(basename(path))) ? bootParts(kind, bytes, path) : [];
  const byComponent = Map.groupBy(parts, (part) => component ?? part.component);
  return [...byComponent].flatMap(([of, those]) =>
    measurementValues(
      { ...head, component: of },
      those.flatMap(({ measurements }) => measurements),
    ),
  );
}

const withoutUndefined = <T extends object>(row: T): Partial<T> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as Partial<T>;

async function folderValues(folder: string, options: FilesOptions): Promise<NewReferenceValue[]> {
  const values: NewReferenceValue[] = [];
  const folders = [folder];
  let seen = 0;
  for (const next of folders) {
    const entries: Dirent[] = await readdir(next, { withFileTypes: true }).catch((cause) => {
      throw unreadable(next, cause);
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      seen += 1;
      if (seen > limits.entries) throw new AssayError('files-many', folder, `at most ${limits.entries} files`, 'more');
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) values.push(...(await valuesInFolder(path, options)));
      else options.leaveOut?.({ path, why: entry.isSymbolicLink() ? 'links, which are not followed' : 'no files' });
    }
  }
  return values;
}

/** Modules of GRUB, fonts, documentation: a folder of what boots has a lot that is not measured by itself. */
async function valuesInFolder(path: string, options: FilesOptions): Promise<NewReferenceValue[]> {
  const { size } = await stat(path);
  const bytes = size > limits.image ? undefined : await readWhole(path, limits.image);
  const values = bytes ? valuesOf(path, bytes, options, true) : [];
  if (values.length === 0) options.leaveOut?.({ path, why: bytes ? whyNot(bytes, path) : 'too long for a boot' });
  return values;
}

function whyNot(bytes: Buffer, path: string): string {
  const head = bytes.subarray(0, enoughToTell);
  if ([debMagic, rpmMagic].some((magic) => head.subarray(0, magic.length).equals(magic)))
    return 'packages: assay reference import-package takes them';
  if (bootFileKind(bytes, path) === 'initrd') return 'packed as an initrd is, without initrd or initramfs in the name';
  if (looksLike(head).import) return 'lists or exports, which are taken only by name';
  return 'no kernel, no initrd, no EFI application';
}
