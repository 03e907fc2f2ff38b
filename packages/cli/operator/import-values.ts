// What of these files becomes known good? Each is told by its content: packages, boot files, lists, and what an export wrote.
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { AssayError } from '@assay/core';
import type { NewReferenceValue } from '@assay/protocol';
import { readInput } from '../evidence/input.ts';
import type { FilesOptions, PackageOptions } from '../known-good/options.ts';
import { unreadable } from '../known-good/read.ts';
import { type ImportGroup, importOf, isExport } from './exported.ts';

export type ImportKind = 'package' | 'file' | 'list' | 'export';
export const importKinds: readonly ImportKind[] = ['package', 'file', 'list', 'export'];

export type ImportOptions = FilesOptions & PackageOptions & { kind?: ImportKind | undefined };

/**
 * @param files paths; `-` is standard input, a list or an export
 * @returns groups that go in one after the other
 * @throws AssayError `file-unreadable`, `reference-export`, and what the readers of packages, files and lists throw
 */
export async function readImports(
  files: readonly string[],
  options: ImportOptions,
  stdin: Readable,
): Promise<ImportGroup[]> {
  const plain: NewReferenceValue[] = [];
  const exported: ImportGroup[] = [];
  for (const file of files) {
    const piped = file === '-' ? await readInput(file, stdin) : undefined;
    const head = piped ? piped.bytes.subarray(0, enough) : await beginningOf(file);
    if (options.kind === 'export' || (options.kind === undefined && isExport(head))) {
      const { name, bytes } = piped ?? (await readInput(file, stdin));
      for (const group of importOf(new TextDecoder().decode(bytes), name)) exported.push(group);
    } else {
      for (const value of await valuesIn(file, options, piped?.bytes)) plain.push(value); // too many to be arguments
    }
  }
  return [...(plain.length > 0 ? [{ values: plain }] : []), ...exported];
}

async function valuesIn(file: string, given: ImportOptions, piped?: Uint8Array): Promise<NewReferenceValue[]> {
  const { kindOf, readFiles, readList, readPackage } = await import('../known-good/index.ts');
  const { kind = await kindOf(file), ...options } = given;
  if (piped && kind !== 'list') throw new AssayError('cli-option', `--kind ${kind}`, 'a file', 'standard input');
  if (kind === 'package') return await readPackage(file, options);
  if (kind === 'list') return await readList(file, { ...options, ...(piped && { stdin: Readable.from([piped]) }) });
  return await readFiles([file], options);
}

/** In bytes: what tells an export. */
const enough = 1000;

async function beginningOf(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    if ((await file.stat()).isDirectory()) return new Uint8Array();
    const { buffer, bytesRead } = await file.read(new Uint8Array(enough), 0, enough, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
