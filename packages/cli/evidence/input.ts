// Where do the bytes to be shown come from? Files, standard input, or what the kernel of this machine keeps of its own boot.
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AssayError } from '@assay/core';

/** `name`: for people, where it came from. */
export type Input = { name: string; bytes: Uint8Array };

/** Of one input, in bytes: no log is longer, and reading has to end. */
const longest = 256 * 1024 * 1024;

/** @param file a path, or `-` for standard input  @throws AssayError `file-unreadable`, `file-long` */
export async function readInput(file: string, stdin: Readable): Promise<Input> {
  const name = file === '-' ? 'standard input' : file;
  return { name, bytes: await readAll(file === '-' ? stdin : createReadStream(file), name) };
}

/** Under the root of a file system: what Linux keeps of its boot, and what says that the TPM has PCR values to compare. */
const places = {
  bootLog: 'sys/kernel/security/tpm0/binary_bios_measurements',
  imaList: 'sys/kernel/security/ima/binary_runtime_measurements',
  pcrs: 'sys/class/tpm/tpm0',
};
const banks = ['sha1', 'sha256', 'sha384', 'sha512'];

/**
 * Boot log, IMA's list and PCR values of this machine, as far as it has them.
 * @param root of the file system: `/`
 * @throws AssayError `machine-evidence` when there is neither log nor list, `file-unreadable` when one cannot be read
 */
export async function readMachine(root: string): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const place of [places.bootLog, places.imaList]) {
    const file = join(root, place);
    if (await exists(file)) inputs.push({ name: file, bytes: await readAll(createReadStream(file), file) });
  }
  if (inputs.length === 0)
    throw new AssayError(
      'machine-evidence',
      join(root, 'sys/kernel/security'),
      'a boot log or a list of IMA',
      'neither',
      {
        hint: 'it takes a TPM, a boot by UEFI, securityfs and root; or name a FILE',
      },
    );
  const values = await pcrText(root);
  return values ? [...inputs, { name: join(root, places.pcrs), bytes: Buffer.from(values) }] : inputs;
}

/** As tpm2_pcrread prints them. Empty when this kernel does not show its TPM's PCRs (before 5.12). */
async function pcrText(root: string): Promise<string> {
  const lines: string[] = [];
  for (const bank of banks) {
    const folder = join(root, places.pcrs, `pcr-${bank}`);
    if (!(await exists(folder))) continue;
    lines.push(`${bank}:`);
    for (let pcr = 0; pcr < 24; pcr++) {
      const file = join(folder, String(pcr));
      const value = Buffer.from(await readAll(createReadStream(file), file))
        .toString('latin1')
        .trim();
      lines.push(`  ${pcr}: 0x${value}`);
    }
  }
  return lines.join('\n');
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );

/** What the system says, in words. */
const troubles: Readonly<Record<string, string>> = {
  EISDIR: 'a directory',
  ENOENT: 'none of this name',
  ENOTDIR: 'none of this name',
  EACCES: 'one that this user may not read',
  EPERM: 'one that this user may not read',
};

/** To the end: securityfs gives no size. */
async function readAll(stream: Readable, name: string): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of stream) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length > longest) break;
    }
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const kernel = (code === 'EACCES' || code === 'EPERM') && name.startsWith('/sys/');
    const hint = code === 'EISDIR' ? 'name its files' : kernel ? 'the kernel shows it to root alone' : undefined;
    throw new AssayError('file-unreadable', name, 'a file that can be read', troubles[code] ?? cause, {
      cause,
      ...(hint && { hint }),
    });
  }
  if (length > longest) throw new AssayError('file-long', name, `at most ${longest} bytes`, 'more');
  return Buffer.concat(parts, length);
}
