// How is a list of things shown? As a table that fits the terminal; piped on, one line for each and nothing cut.
import Table from 'cli-table3';

export type Row = readonly (string | number)[];
export type Terminal = { isTTY?: boolean; columns?: number };

/** @param without columns that a narrow terminal goes without, the first to go first */
export function table(
  head: readonly string[],
  rows: readonly Row[],
  out: Terminal = process.stdout,
  without: readonly string[] = [],
): string {
  if (!out.isTTY) {
    const cells = cellsOf(head, rows);
    const widths = widthsOf(cells);
    return cells.map((row) => aligned(row, widths)).join('\n');
  }
  const columns = out.columns ?? 80;
  const dropped = droppedOf(head, widthsOf(cellsOf(head, rows)), columns, without);
  const kept = head.flatMap((name, at) => (dropped.includes(name) ? [] : [at]));
  const cells = [head, ...rows].map((row) => kept.map((at) => String(row[at] ?? '')));
  const [, ...shown] = cells;
  const all = cellsOf(cells[0] ?? [], shown);
  const widths = fitted(widthsOf(all), columns);
  const [titles = [], ...lines] = all.map((row) => row.map((cell, at) => wrapped(cell, (widths[at] ?? 0) - padding)));
  const drawn = new Table({ head: titles, style: { head: ['bold'], border: ['dim'] }, colWidths: widths });
  for (const line of lines) drawn.push(line); // too many to be arguments
  const more = `a wider terminal, or a pipe, has ${dropped.join(', ')} as well`;
  return dropped.length === 0 ? drawn.toString() : `${drawn.toString()}\n${more}`;
}

const cellsOf = (head: readonly string[], rows: readonly Row[]): string[][] => [
  head.map((name) => name.toUpperCase()),
  ...rows.map((row) => row.map(String)),
];

const widthsOf = (cells: readonly string[][]): number[] =>
  (cells[0] ?? []).map((_, column) => cells.reduce((most, row) => Math.max(most, [...(row[column] ?? '')].length), 0));

/** Columns line up as long as cells are short; one long reason does not push all others away. */
const aligned = (row: readonly string[], widths: readonly number[]) =>
  row
    .map((cell, column) => cell + ' '.repeat(Math.max(0, Math.min(widths[column] ?? 0, 64) - [...cell].length)))
    .join('  ')
    .trimEnd();

/** Blanks around a cell. */
const padding = 2;
/** So wide a column is read with ease: before one is narrower another goes, where it may. */
const easy = 26;
const narrowest = 8;

const total = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width + padding + 1, 1);

function droppedOf(
  head: readonly string[],
  widths: readonly number[],
  columns: number,
  without: readonly string[],
): string[] {
  const wanted = new Map(head.map((name, at) => [name, Math.min(easy, widths[at] ?? 0)]));
  const dropped: string[] = [];
  for (const name of without) {
    if (total([...wanted.values()]) <= columns) break;
    wanted.delete(name);
    dropped.push(name);
  }
  return dropped;
}

/** The widest column gives way until the table fits. @returns widths with padding */
function fitted(widths: readonly number[], columns: number): number[] {
  const fit = [...widths];
  for (let excess = total(fit) - columns; excess > 0; excess--) {
    const widest = fit.indexOf(Math.max(...fit));
    if ((fit[widest] ?? 0) <= narrowest) break;
    fit[widest] = (fit[widest] ?? 0) - 1;
  }
  return fit.map((width) => width + padding);
}

/** Between words; a word that is longer than a line, anywhere: nothing is cut. */
function wrapped(cell: string, width: number): string {
  const lines: string[] = [];
  let line: string[] = [];
  for (const word of cell.split(' ').map((text) => [...text])) {
    const fits = line.length + 1 + word.length <= width;
    if (line.length > 0 && !fits) lines.push(line.join(''));
    line = line.length > 0 && fits ? [...line, ' ', ...word] : word;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width).join(''));
  }
  return [...lines, line.join('')].join('\n');
}

/** `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
