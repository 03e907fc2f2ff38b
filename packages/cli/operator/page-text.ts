// How does prose fit a terminal? Wrapped at its width, with what follows indented; piped on, a line is a line.

type Terminal = { isTTY?: boolean; columns?: number };

/** Longer lines are hard to read, however wide the screen is. */
const widest = 110;
const narrowest = 40;

/** Columns to wrap at. */
export const widthOf = ({ isTTY, columns = 80 }: Terminal): number =>
  isTTY ? Math.max(narrowest, Math.min(widest, columns)) : Number.POSITIVE_INFINITY;

/**
 * @param indent of every line; `first`, of the same width, stands in its place on the first
 * @returns lines no longer than `width`, unless a single word is
 */
export function wrapped(text: string, width: number, indent = '', first = indent): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((one, at) => `${at === 0 ? first : indent}${one}`.trimEnd()).join('\n');
}

/** A label and what belongs to it, which continues below itself. */
export const labelled = (label: string, text: string, width: number, column: number, indent = '  '): string =>
  wrapped(text, width, indent + ' '.repeat(column), indent + label.padEnd(column));
