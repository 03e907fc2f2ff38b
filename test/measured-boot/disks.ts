// The disks of a measured host: made of files, and looked into again, without root and without mounting anything.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';

const run = promisify(execFile);

/** What lies on a disk, by path from its root: text or bytes, or where to copy it from. */
export type Files = Readonly<Record<string, string | Uint8Array | { from: string }>>;

const mebibyte = 1 << 20;
/** Some programs are in /usr/sbin, which not everybody searches. */
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const sectorsBefore = 2048; // the first partition begins after a mebibyte, as everywhere

/**
 * A GPT disk of 64 MiB with one EFI system partition. Its GUIDs are always the same, as those of a host's own disk are: firmware
 * measures them.
 */
export async function makeBootDisk(file: string, files: Files): Promise<void> {
  await writeFile(file, '');
  await truncate(file, 64 * mebibyte);
  await tool('gdisk', 'sgdisk', [
    ...['--clear', '--disk-guid', 'A5A70000-0000-4000-8000-000000000001'],
    ...[
      '--new',
      `1:${sectorsBefore}:0`,
      '--typecode',
      '1:ef00',
      '--partition-guid',
      '1:A5A70000-0000-4000-8000-000000000002',
    ],
    file,
  ]);
  await tool('dosfstools', 'mkfs.fat', [
    '-F',
    '32',
    '-i',
    'A5A70001',
    '--offset',
    String(sectorsBefore),
    file,
    '64000',
  ]);
  await inFolder(file, files, async (folder) => {
    const image = ['-i', `${file}@@${sectorsBefore * 512}`];
    const names = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''));
    await tool('mtools', 'mcopy', [...image, '-s', '-Q', ...[...names].map((name) => join(folder, name)), '::/']);
  });
}

/** An ext4 disk of 16 MiB, for what a host keeps from boot to boot. */
export async function makeStateDisk(file: string, files: Files): Promise<void> {
  await rm(file, { force: true });
  await inFolder(file, files, async (folder) => {
    await tool('e2fsprogs', 'mke2fs', ['-q', '-t', 'ext4', '-I', '256', '-d', folder, file, '16M']);
  });
}

/** Gives a file on a state disk an extended attribute, as only root could on a mounted one. */
export async function setAttribute(disk: string, path: string, name: string, value: Uint8Array): Promise<void> {
  await writeFile(`${disk}.value`, value);
  await tool('e2fsprogs', 'debugfs', ['-w', '-R', `ea_set -f ${disk}.value ${path} ${name}`, disk]);
  await rm(`${disk}.value`);
}

/** A file on a state disk that no machine uses. @throws AssayError `measured-boot` when it is not there */
export async function readFromDisk(disk: string, path: string): Promise<Buffer> {
  const options = { encoding: 'buffer', maxBuffer: 16 * mebibyte, env } as const;
  const { stdout, stderr } = await run('debugfs', ['-R', `cat ${path}`, disk], options);
  if (/File not found/.test(stderr.toString()))
    throw new AssayError('measured-boot', `${path} on ${disk}`, 'a file', stderr.toString().trim());
  return stdout;
}

/** Calls back with a folder in which the files lie. */
async function inFolder(beside: string, files: Files, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${beside}.`);
  try {
    for (const [path, content] of Object.entries(files)) {
      const to = join(folder, path);
      await mkdir(dirname(to), { recursive: true });
      if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(to, content, { mode: 0o755 });
      else await run('cp', ['-L', content.from, to]);
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function tool(package_: string, program: string, args: string[]): Promise<void> {
  await run(program, args, { env }).catch((cause: Error & { stderr?: string }) => {
    throw new AssayError('measured-boot', program, 'to succeed', cause.stderr?.trim() || cause.message, {
      cause,
      hint: `apt-get install ${package_}`,
    });
  });
}
