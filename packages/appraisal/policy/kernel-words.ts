// Which words does Linux read out of a command line? As lib/cmdline.c (next_arg) and parse_args do: split at blanks, double quotes hold blanks
// together, nothing escapes a quote, what follows the word `--` is for init.

/** A parameter, quotes taken off its value. */
export type KernelWord = { name: string; value: string | undefined };

/** One byte of a line each character: isspace() of the kernel takes 0xa0 for one, also in the middle of a UTF-8 character. */
export const kernelBytes = (line: string): string => Buffer.from(line, 'utf8').toString('latin1');

/** isspace() of the kernel, and what may stand at either end of a line: the same without 0xa0, which is half a character there. */
export const kernelBlanks = ' \t\n\v\f\r\u00a0';
const blank = /[ \t\n\v\f\r\u00a0]/;
const blanks = /[ \t\n\v\f\r\u00a0]+/;
/** Of ASCII's blanks alone: what String.trim() takes off beside them is text to the kernel. A host chooses the line: no pattern that starts anew at each blank. */
export function trimmed(line: string): string {
  let [start, end] = [0, line.length];
  while (isAsciiBlank(line.charCodeAt(start))) start += 1; // beyond either end is NaN, which is none
  while (isAsciiBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

const isAsciiBlank = (code: number) => code === 0x20 || (code >= 0x09 && code <= 0x0d);

/** @param line as `kernelBytes` has it  @returns those of the kernel, and those behind `--` */
export function kernelWords(line: string): { kernel: readonly KernelWord[]; init: readonly KernelWord[] } {
  const words = rawWords(line).map(wordOf);
  const end = words.findIndex(endsKernels);
  return end < 0 ? { kernel: words, init: [] } : { kernel: words.slice(0, end), init: words.slice(end + 1) };
}

const endsKernels = ({ name, value }: KernelWord) => name === '--' && value === undefined;

/** How many words of a line are `--`. @param line as `kernelBytes` has it */
export const dashes = (line: string): number => rawWords(line).map(wordOf).filter(endsKernels).length;

/**
 * What those read that know nothing of quotes or `--`: the code before the kernel proper (arch/x86/lib/cmdline.c), scripts of an initrd. Every
 * blank ends a word, and quotes may stand anywhere.
 */
export const plainWords = (line: string): KernelWord[] =>
  line
    .split(blanks)
    .map((word) => wordOf(word.replaceAll('"', '')))
    .filter(({ name }) => name !== '');

function rawWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  for (const char of line) {
    if (blank.test(char) && !quoted) {
      if (word) words.push(word);
      word = '';
      continue;
    }
    if (char === '"') quoted = !quoted;
    word += char;
  }
  return word ? [...words, word] : words;
}

function wordOf(raw: string): KernelWord {
  const whole = raw.startsWith('"');
  const text = whole ? raw.slice(1) : raw;
  const equals = text.indexOf('=', 1); // a word that begins with it has it in its name
  const unquoted = (part: string, begun: boolean) => (begun && part.endsWith('"') ? part.slice(0, -1) : part);
  if (equals < 0) return { name: unquoted(text, whole), value: undefined };
  const value = text.slice(equals + 1);
  const inner = value.startsWith('"') ? unquoted(value.slice(1), true) : value;
  return { name: text.slice(0, equals), value: unquoted(inner, whole) };
}

/** The kernel takes `-` and `_` in the name of a parameter for the same. */
export const wordText = ({ name, value }: KernelWord): string =>
  value === undefined ? name.replaceAll('-', '_') : `${name.replaceAll('-', '_')}=${value}`;

/** A pattern for words, in the same form. */
export const wordPattern = (pattern: string): string => wordText(wordOf(kernelBytes(pattern)));
