// What is wrong with the files of IMA's list, as findings: the first few by path, with how many more there are.
import { shown } from '@assay/core';
import { imaPcr } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import { Glob } from '../policy/glob.ts';
import type { FilesState } from './files-state.ts';

/** `IMA list of 120 entries proven: 100 files in allow lists, 3 signed, 2 excluded`. @param entries of the whole list */
export function filesText(entries: number, files: FilesState | undefined): string {
  const proven = `IMA list of ${entries} entries proven`;
  if (!files) return `${proven}, its files not compared`;
  const { listed, signed, excluded, bad } = files.counts;
  const parts = [`${listed} files in allow lists`, `${signed} signed`, `${excluded} excluded`, `${bad} not known good`];
  const [first, ...others] = parts;
  return `${proven}: ${[first, ...others.filter((text) => !text.startsWith('0 '))].join(', ')}`;
}

const place = { component: 'operating_system', pcr: imaPcr } as const;
const mostTold = 10;

export function fileFindings({ bad, counts }: Pick<FilesState, 'bad' | 'counts'>): Finding[] {
  const told = bad.slice(0, mostTold);
  const more = counts.bad - told.length;
  if (told.length === 0 && more > 0)
    return [finding('ima-file-unknown', 'IMA list', 'files that are known good', `${more} that are not`, place)];
  return told.map(({ code, path, algorithm, digest, entry, expected }, i) => {
    const rest = i === told.length - 1 && more > 0 ? ` (and ${more} more)` : '';
    return finding(code, `IMA entry ${entry} (${shown(path)})`, expected, `${algorithm} ${digest}${rest}`, {
      ...place,
      entry,
    });
  });
}

/** @param offset byte to which the list was read in rounds whose parts are not there */
export const unread = (offset: number): Finding =>
  finding('ima-files-unread', 'IMA list', `its first ${offset} bytes, to judge its files anew`, 'none', place);

/** Where programs, what they load, and what decides what they load, stand. */
const programs = [
  '/bin/**',
  '/boot/**',
  '/lib/**',
  '/lib32/**',
  '/lib64/**',
  '/opt/**',
  '/sbin/**',
  '/usr/bin/**',
  '/usr/lib/**',
  '/usr/lib32/**',
  '/usr/lib64/**',
  '/usr/libexec/**',
  '/usr/local/**',
  '/usr/sbin/**',
  '/etc/ld.so.preload',
].map((pattern) => new Glob(pattern, 'path'));

/** Shown in every verdict and never counted: an operator wrote it so. */
export function wideExclusions(patterns: readonly string[]): Finding[] {
  const wide = patterns.filter((pattern) => {
    const glob = new Glob(pattern, 'path');
    return programs.some((one) => one.meets(glob));
  });
  if (wide.length === 0) return [];
  const seen = finding(
    'ima-exclusion-wide',
    'policy: ima.exclude',
    'patterns that hide no programs',
    wide.join(', '),
    place,
  );
  return [{ ...seen, allowed: true }];
}
