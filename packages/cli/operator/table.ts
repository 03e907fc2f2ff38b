// How is a list of things shown? As a table that fits the terminal; piped on, one line for each and nothing cut.
import Table from 'cli-table3';

export type Row = readonly (string | number)[];
type Terminal = { isTTY?: boolean; columns?: number };

export function table(head: readonly string[], rows: readonly Row[], out: Terminal = process.stdout): string {
  const cells = [head.map((name) => name.toUpperCase()), ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? '')].length)));
  if (!out.isTTY) return cells.map((row) => aligned(row, widths)).join('\n');
  const drawn = new Table({
    head: cells[0] ?? [],
    style: { head: ['bold'], border: ['dim'] },
    wordWrap: true,
    colWidths: fitted(widths, out.columns ?? 80),
  });
  drawn.push(...cells.slice(1));
  return drawn.toString();
}

/** Columns line up as long as cells are short; one long reason does not push all others away. */
const aligned = (row: readonly string[], widths: readonly number[]) =>
  row
    .map((cell, column) => cell + ' '.repeat(Math.max(0, Math.min(widths[column] ?? 0, 64) - [...cell].length)))
    .join('  ')
    .trimEnd();

/** The widest column gives way until the table fits, but stays wide enough to read. */
function fitted(widths: readonly number[], columns: number): number[] {
  const padded = widths.map((width) => width + 2);
  const excess = padded.reduce((sum, width) => sum + width + 1, 1) - columns;
  const widest = padded.indexOf(Math.max(...padded));
  return padded.map((width, column) => (column === widest && excess > 0 ? Math.max(24, width - excess) : width));
}

/** `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
