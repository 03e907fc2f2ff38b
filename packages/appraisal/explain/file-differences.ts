// Which files of IMA's list are not known good, each by its path? A path is what IMA called it: a hint, chosen by whoever named the file.
import { escaped } from '@assay/core';
import { imaPcr } from '@assay/measurement';
import type { Difference, Finding } from '@assay/protocol';
import type { BadFile, FilesState } from '../ima/files-state.ts';
import type { KnownGood } from '../reference/known-good.ts';
import { standingOf } from '../reference/standing.ts';
import { standingText } from './known-things.ts';

export type SoughtFile = Pick<BadFile, 'path' | 'digest'>;
export type ToldFile = Difference & { soughtFile: SoughtFile };

const mostDifferences = 100;
const longestPath = 300;

/** @param now when it is told @param at when the evidence came */
export const fileDifferences = ({ bad }: FilesState, knownGood: KnownGood, at: Date, now: Date): ToldFile[] =>
  bad.slice(0, mostDifferences).map((file) => tell(file, knownGood, at, now));

function tell(file: BadFile, knownGood: KnownGood, at: Date, now: Date): ToldFile {
  const { code, path, algorithm, digest, entry, expected } = file;
  const value = file.value === undefined ? undefined : knownGood.values.find(({ id }) => id === file.value);
  const what = value && standingText(value, standingOf(value, at), now);
  const name = escaped(path.slice(0, longestPath)) + (path.length > longestPath ? '…' : '');
  const seen = `${algorithm} ${digest}`;
  const text = sentence(code, name, entry, what);
  const finding: Finding = { code, component: 'operating_system', entry, pcr: imaPcr, expected, seen, message: text };
  return {
    component: 'operating_system',
    claim: 'IMA file',
    text,
    finding,
    path,
    expected,
    seen,
    also_on: [],
    ...(what && value && { resembles: `is ${what}`, value: value.id }),
    soughtFile: { path, digest },
  };
}

function sentence(code: BadFile['code'], name: string, entry: number, what: string | undefined): string {
  const where = `(entry ${entry} of IMA’s list)`;
  if (code === 'ima-file-retired') return `${name} is ${what ?? 'of something that was retired'} ${where}`;
  if (code === 'ima-file-changed') return `${name} has another content than is known good ${where}`;
  return `${name} is not in what is known good ${where}`;
}
