// Which files does this tree have, by the paths and digests IMA will name them by? Links are not followed: IMA names where a file really is.
import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir, realpath, statfs } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AssayError } from '@assay/core';
import type { NewReferenceValue, ReferenceFile } from '@assay/protocol';
import { limits } from './limits.ts';
import type { TreeOptions } from './options.ts';
import { unreadable } from './read.ts';
import { filesValues } from './values.ts';

/**
 * Only regular files; and of file systems mounted below not those that IMA's own rules leave alone.
 * @param folder within `root`
 * @throws AssayError `tree-root`, `tree-changed` for a file that is written or removed meanwhile, `tree-empty`, `file-kind` for what is no folder, `files-many`, `file-unreadable`
 */
export async function readTree(folder: string, options: TreeOptions = {}): Promise<NewReferenceValue[]> {
  const [start, root] = await Promise.all([real(folder), real(options.root ?? '/')]);
  if (start !== root && !start.startsWith(root === sep ? sep : root + sep))
    throw new AssayError('tree-root', folder, `a folder within ${root}`, start);
  if (!(await lstat(start)).isDirectory())
    throw new AssayError('file-kind', folder, 'a folder', 'a file', { hint: 'files: assay reference import' });
  const files: ReferenceFile[] = [];
  for await (const path of regularFiles(start))
    files.push({ path: `/${relative(root, path)}`, digests: { sha256: await digestOf(path) } });
  if (files.length === 0) throw new AssayError('tree-empty', folder, 'at least one file', 'none');
  const { vendor, name, version, component = 'operating_system' } = options;
  const source = { kind: 'tree' as const, name: options.root ? `${start} as /${relative(root, start)}` : start };
  return filesValues({ component, vendor, name, version, source }, files);
}

const real = (path: string): Promise<string> =>
  realpath(path).catch((cause) => {
    throw unreadable(path, cause, 'a folder');
  });

async function* regularFiles(start: string): AsyncGenerator<string, void, void> {
  const folders = [{ path: start, device: (await lstat(start, { bigint: true })).dev }];
  let count = 0;
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const { entry, path } of await entriesOf(folder.path)) {
      count += 1;
      if (count > limits.entries) throw new AssayError('files-many', start, `at most ${limits.entries} files`, 'more');
      if (entry.isFile()) yield path;
      if (!entry.isDirectory()) continue;
      const { dev: device } = await lstat(path, { bigint: true }).catch((cause) => {
        throw changed(path, cause);
      });
      if (device === folder.device || (await isMeasured(path))) folders.push({ path, device });
    }
  }
}

/** Names are bytes; what is no UTF-8 becomes what IMA's list is read as. */
async function entriesOf(folder: string): Promise<{ entry: Dirent; path: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw unreadable(folder, cause);
  });
  const strange = entries.find(({ name }) => name.includes('\ufffd'));
  if (strange) throw new AssayError('tree-name', folder, 'names in UTF-8', strange.name);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1)).map((entry) => ({ entry, path: join(folder, entry.name) }));
}

const changed = (path: string, cause: unknown) =>
  new AssayError('tree-changed', path, 'a file that stays as it is while it is read', cause, { cause });

/** Never through a link, never waiting for a pipe; and what is there before has to be there behind. */
async function digestOf(path: string): Promise<string> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' || cause.code === 'ELOOP' ? changed(path, cause) : unreadable(path, cause);
  });
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw changed(path, 'another kind of file');
    const hash = createHash('sha256');
    let size = 0n;
    for await (const piece of file.createReadStream({ autoClose: false, highWaterMark: 1 << 18 })) {
      hash.update(piece as Buffer);
      size += BigInt((piece as Buffer).length);
      if (size > before.size) throw changed(path, 'a file that grows');
    }
    const after = await file.stat({ bigint: true });
    if (
      size !== before.size ||
      after.mtimeNs !== before.mtimeNs ||
      after.ctimeNs !== before.ctimeNs ||
      after.nlink === 0n
    )
      throw changed(path, 'one that was written or removed');
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/**
 * Types of file systems that the rules built into IMA do not measure (ima_policy.c, dont_measure_rules): proc, sysfs, debugfs, tmpfs, devpts, binfmt_misc, securityfs, selinuxfs, smack, cgroup,
 * cgroup2, nsfs, efivarfs; and tracefs, bpf, configfs, pstore, mqueue, hugetlbfs, fusectl, which hold no programs either.
 */
const notMeasured = new Set([
  ...[0x9fa0, 0x62656572, 0x64626720, 0x01021994, 0x1cd1, 0x42494e4d, 0x73636673, 0xf97cff8c, 0x43415d53, 0x27e0eb],
  ...[0x63677270, 0x6e736673, 0xde5e81e4, 0x74726163, 0xcafe4a11, 0x62656570, 0x6165676c, 0x19800202, 0x958458f6],
  ...[0x65735543],
]);

async function isMeasured(mount: string): Promise<boolean> {
  const { type } = await statfs(mount).catch((cause) => {
    throw unreadable(mount, cause);
  });
  return !notMeasured.has(type);
}
