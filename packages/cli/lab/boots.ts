// What is a lab host set to boot from now on? Another kernel, another command line, or what was recorded: an upgrade, without a machine.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AssayError, escaped } from '@assay/core';
import { authenticodeDigest, readPe } from '@assay/measurement';
import type { LabHost } from './settings.ts';

/** Each absent: as it is. `golden`: as recorded. */
export type BootWish = { kernel?: string; commandLine?: string };

export const asRecorded = 'golden';
/** More than Linux takes on any architecture. */
const longestCommandLine = 4096;

/**
 * The host as it will boot.
 * @throws AssayError `lab-kernel` when there is no such file, `pe` when it is no EFI application, `lab-command-line`
 */
export function toBoot(host: LabHost, { kernel, commandLine }: BootWish): LabHost {
  const next = { ...host };
  if (kernel === asRecorded) {
    next.boot = 'golden';
    delete next.kernel;
  } else if (kernel !== undefined) next.kernel = kernelOf(kernel);
  if (commandLine === asRecorded) delete next.commandLine;
  else if (commandLine !== undefined) next.commandLine = checkedLine(commandLine);
  return next;
}

/** Measured as firmware does: its Authenticode digest, not that of the file. */
function kernelOf(file: string): NonNullable<LabHost['kernel']> {
  const path = resolve(file);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new AssayError('lab-kernel', path, 'a kernel', cause, { cause, hint: `or ${asRecorded}: the one recorded` });
  }
  return { file: path, sha256: Buffer.from(authenticodeDigest(readPe(bytes, path), 'sha256')).toString('hex') };
}

function checkedLine(line: string): string {
  if (line.length > longestCommandLine || line.includes('\0'))
    throw new AssayError(
      'lab-command-line',
      'command line',
      `at most ${longestCommandLine} characters, none of them zero`,
      `${line.length} characters`,
    );
  return line;
}

/** In words; undefined for a host that boots what was recorded. */
export function bootsElse({ name, boot, kernel, commandLine }: LabHost): string | undefined {
  const what = [
    ...(kernel
      ? [`kernel ${escaped(kernel.file)} (sha256 ${kernel.sha256})`]
      : boot === 'golden'
        ? []
        : ['a kernel that nobody released']),
    ...(commandLine === undefined ? [] : [`command line “${escaped(commandLine)}”`]),
  ];
  return what.length > 0 ? `${name} boots ${what.join(', ')}` : undefined;
}
