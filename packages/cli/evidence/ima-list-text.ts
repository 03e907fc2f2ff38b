// IMA's list for a person: how much of what, the entries, and what is strange. A long list is shown by its ends.
import type { EntryReport, ImaReport } from './ima-list.ts';
import type { Block, TableRow } from './page.ts';
import { pcrTable } from './pcr-values.ts';
import { strangeBlocks, strangeness } from './strange.ts';

/** Shown of a long list at each end, unless all of it is asked for. */
const atEachEnd = 20;

/** @param all whether every entry is listed, with its whole digest */
export async function* imaBlocks(report: ImaReport, all: boolean): AsyncGenerator<Block> {
  const { name, count, bytes, offset, templates, places, signed, boot_aggregate: aggregate } = report;
  yield { heading: `${name}: IMA’s run-time list` };
  yield {
    facts: [
      ['size', `${count} entries, ${bytes} bytes${offset ? `, from byte ${offset} of the list on` : ''}`],
      ['templates', countText(templates)],
      ['files', countText(places) || 'none'],
      ['signed', signed ? `${signed}` : 'none'],
      [
        'boot',
        aggregate ? `boot_aggregate ${aggregate.algorithm}:${aggregate.value}` : 'no boot_aggregate in this part',
      ],
      ['strange', strangeness(report.strange, report.strange_left_out)],
    ],
  };
  for (const [bank, value] of Object.entries(report.pcr10 ?? {})) {
    yield { heading: `PCR 10 after the last entry, ${bank}` };
    yield pcrTable({ 10: value });
  }
  yield { heading: 'Entries' };
  const short = all || count <= 5 * atEachEnd;
  yield table(rowsOf(report.entries, all, (index) => short || index < atEachEnd));
  if (!short) {
    yield { text: `… ${count - 2 * atEachEnd} more: --all shows them` };
    const first = [...firstOf(report.entries)][0]?.index ?? 0;
    yield table(rowsOf(report.entries, all, (index) => index - first >= count - atEachEnd));
  }
  yield* strangeBlocks(report.strange, all, report.strange_left_out);
}

function* firstOf(entries: Iterable<EntryReport>): Generator<EntryReport> {
  for (const entry of entries) {
    yield entry;
    return;
  }
}

const table = (rows: Iterable<TableRow>): Block => ({
  columns: [
    { head: '#', width: 6, right: true },
    { head: 'TEMPLATE', width: 10 },
    { head: 'DIGEST', width: 16 },
    { head: 'WHAT', width: 0 },
  ],
  rows,
});

function* rowsOf(entries: Iterable<EntryReport>, all: boolean, shown: (index: number) => boolean): Generator<TableRow> {
  for (const { index, template, digest, path, signature, strange } of entries) {
    if (!shown(index)) continue;
    const text = digest ? `${digest.algorithm}:${digest.value.slice(0, 8)}` : '';
    const what = `${path ?? 'cannot be read'}${signature ? `, signed: ${signature}` : ''}`;
    yield { mark: strange.length > 0 ? '!' : undefined, cells: [`${index}`, template, text, what] };
    if (all && digest) yield { cells: ['', '', '', digest.value] };
  }
}

/** The most frequent first: `/usr/bin 120, /usr/lib 12, 5 others`. */
function countText(counts: Record<string, number>): string {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 6).map(([name, number]) => `${name} ${number}`);
  const rest = sorted.slice(6).reduce((sum, [, number]) => sum + number, 0);
  return [...shown, ...(rest ? [`${rest} elsewhere`] : [])].join(', ');
}
