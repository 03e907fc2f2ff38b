// What was changed, and in what do two things differ, for a person? Journals, and reference values side by side.
import { escaped } from '@assay/core';
import type { JournalEntry } from '@assay/protocol';
import { table } from './table.ts';
import type { ValueDiff } from './value-diff.ts';
import { minute } from './value-names.ts';

export const journalTable = (entries: readonly JournalEntry[]): string =>
  entries.length === 0
    ? 'nothing was changed so far'
    : table(
        ['at', 'by', 'what', 'subject', 'text', 'because'],
        entries.map(({ at, by, action, subject, text, because }) => [
          minute(at),
          escaped(by),
          escaped(action),
          escaped(subject),
          escaped(text),
          because === undefined ? '-' : escaped(because),
        ]),
      );

export function diffText({ removed, added, changed, same }: ValueDiff): string {
  const lines = [
    ...changed.flatMap(({ from, to }) => [`- ${from}`, `+ ${to}`]),
    ...removed.map((line) => `- ${line}`),
    ...added.map((line) => `+ ${line}`),
  ].map(escaped);
  const summary = lines.length === 0 ? `no difference: the same ${same}` : `${same} the same`;
  return [...lines, summary].join('\n');
}
