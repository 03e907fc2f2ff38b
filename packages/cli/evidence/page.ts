// How is a report laid out for a person? Headings, facts, tables and lists as lines that fit the terminal; piped on, one line for each
// and nothing cut. The one place where text from evidence becomes fit for a terminal: control characters never pass.
import { styleText } from 'node:util';
import { escaped } from '@assay/core';

/** `width` of a column in characters; the last column has what is left. */
export type Column = { head: string; width: number; right?: boolean };
/** `mark`: something about this row is strange, or such that healthy machines have it too. */
export type Mark = '!' | '·';
export type TableRow = { mark?: Mark | undefined; cells: readonly string[] };
export type Block =
  | { heading: string }
  /** A label and what there is to say, in one line or several. */
  | { facts: readonly (readonly [label: string, value: string | readonly string[]])[] }
  | { columns: readonly Column[]; rows: Iterable<TableRow> }
  | { marked: readonly (readonly [mark: Mark, text: string])[] }
  /** Below what is marked: what it means. */
  | { note: string }
  | { text: string };

/** `columns` undefined: no terminal, so nothing is wrapped. */
export type Screen = { columns: number | undefined; colour: boolean };

/** Of this process: plain when standard output is no terminal, NO_COLOR is set, or the terminal is a dumb one. */
export function screenOf(out: { isTTY?: boolean; columns?: number }, env: NodeJS.ProcessEnv): Screen {
  if (!out.isTTY) return { columns: undefined, colour: false };
  return { columns: Math.max(40, out.columns ?? 80), colour: !env['NO_COLOR'] && env['TERM'] !== 'dumb' };
}

/** The lines of a page, without their ends; nothing is kept, so that a list may have millions of rows. */
export async function* linesOf(blocks: AsyncIterable<Block>, screen: Screen): AsyncGenerator<string> {
  let first = true;
  for await (const block of blocks) {
    if (!first && ('heading' in block || 'text' in block)) yield '';
    first = false;
    if ('heading' in block) yield bold(escaped(block.heading), screen);
    else if ('text' in block) yield* wrapped(escaped(block.text), '', screen);
    else if ('facts' in block) yield* factLines(block.facts, screen);
    else if ('note' in block) yield* wrapped(`  ${escaped(block.note)}`, '  ', screen);
    else if ('marked' in block) for (const [mark, text] of block.marked) yield* markedLines(mark, text, screen);
    else yield* tableLines(block.columns, block.rows, screen);
  }
}

function* factLines(facts: Extract<Block, { facts: unknown }>['facts'], screen: Screen): Generator<string> {
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  for (const [label, value] of facts)
    for (const [i, line] of [value].flat().entries())
      yield* wrapped(`  ${escaped(i === 0 ? label : '').padEnd(width)}${escaped(line)}`, ' '.repeat(width + 2), screen);
}

function* markedLines(mark: Mark, text: string, screen: Screen): Generator<string> {
  const narrower = { ...screen, columns: screen.columns === undefined ? undefined : screen.columns - 2 };
  for (const [i, line] of [...wrapped(escaped(text), '', narrower)].entries())
    yield `${i === 0 ? coloured(mark, screen) : ' '} ${line}`;
}

function* tableLines(columns: readonly Column[], rows: Iterable<TableRow>, screen: Screen): Generator<string> {
  const head = columns.map((column, i) => cell(escaped(column.head), column, i === columns.length - 1)).join('  ');
  yield bold(`  ${head}`.trimEnd(), screen);
  const indent = ' '.repeat(columns.slice(0, -1).reduce((sum, { width }) => sum + width + 2, 2));
  for (const { mark, cells } of rows) {
    const row = columns.map((column, i) => cell(escaped(cells[i] ?? ''), column, i === columns.length - 1)).join('  ');
    const [top = '', ...more] = wrapped(`  ${row}`.trimEnd(), indent, screen);
    yield mark ? `${coloured(mark, screen)}${top.slice(1)}` : top;
    yield* more;
  }
}

const cell = (text: string, { width, right }: Column, last: boolean) =>
  last ? text : right ? text.padStart(width) : text.padEnd(width);

/** Broken at blanks where there are some; the lines after the first are indented. */
function* wrapped(line: string, indent: string, { columns }: Screen): Generator<string> {
  if (columns === undefined || line.length <= columns) {
    yield line;
    return;
  }
  const hang = indent.length < columns / 2 ? indent : '    ';
  for (let at = 0; at < line.length; ) {
    const before = at === 0 ? '' : hang;
    const end = breakAfter(line, at, columns - before.length, at === 0 ? indent.length : 0);
    yield before + line.slice(at, end).trimEnd();
    at = end;
    while (line[at] === ' ') at++;
  }
}

/** Where the next line ends: at the last blank that fits, but not before `least` characters; no pair of surrogates is parted. */
function breakAfter(line: string, at: number, room: number, least: number): number {
  if (line.length - at <= room) return line.length;
  const blank = line.slice(at, at + room + 1).lastIndexOf(' ');
  if (blank > least + 8) return at + blank;
  return /[\ud800-\udbff]/.test(line[at + room - 1] ?? '') ? at + room - 1 : at + room;
}

const styled = (style: 'bold' | 'red' | 'yellow', text: string, { colour }: Screen) =>
  colour ? styleText(style, text, { validateStream: false }) : text;
const bold = (text: string, screen: Screen) => styled('bold', text, screen);
const coloured = (mark: Mark, screen: Screen) => styled(mark === '!' ? 'red' : 'yellow', mark, screen);
