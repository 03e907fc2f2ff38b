// Which options does a configuration file in oslo.config's format set, and on which lines?
// Knows nothing of what the options mean; an inline `#` is part of the value, as it is for OpenStack's services.
import { AssayError, shown } from '@assay/core';

/** One `key = value`; `value` has its continuation lines joined by `\n`; `line` counts from 1, where the key stands. */
export type Setting = {
  readonly file: string;
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
};

// Python's str.strip(), which oslo.config uses: JavaScript's \s has U+FEFF instead of U+001C–U+001F and U+0085.
const space = '[\\t-\\r\\u001c- \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const leading = new RegExp(`^${space}+`, 'u');
const trailing = new RegExp(`${space}+$`, 'u');
const strip = (text: string) => text.replace(trailing, '').replace(leading, '');

/**
 * @param file named in errors
 * @returns settings in file order; a repeated key comes again, a repeated section goes on
 * @throws AssayError `config-syntax`: nothing is guessed from a line that is neither section, setting nor comment
 */
export function parseIni(text: string, file: string): Setting[] {
  const settings: Setting[] = [];
  let section: string | undefined;
  let open: { key: string; line: number; lines: string[] } | undefined;
  const close = () => {
    if (open && section !== undefined)
      settings.push({ file, section, key: open.key, value: open.lines.join('\n'), line: open.line });
    open = undefined;
  };
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.replace(trailing, '');
    const wrong = (expected: string, got: unknown = line, hint?: string) =>
      new AssayError('config-syntax', `${file} line ${index + 1}`, expected, got, hint ? { hint } : {});
    if (line === '') {
      close();
      continue;
    }
    if (line.startsWith('\ufeff'))
      throw wrong('text without a byte order mark', 'U+FEFF', 'save the file as UTF-8 without BOM');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (/[\u0000-\u0008\u000e-\u001b\u007f]/.test(line)) throw wrong('text without control characters', shown(line));
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (!open)
        throw wrong('no indentation, since there is no option to continue', line, 'begin the line at column 1');
      open.lines.push(line.replace(leading, ''));
      continue;
    }
    close();
    if (line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      if (!line.endsWith(']') || line.length < 3) throw wrong('[section] and nothing after it on the line');
      section = line.slice(1, -1);
      continue;
    }
    const at = line.search(/[=:]/);
    // The line may hold a secret: show its key at most.
    if (at < 0) throw wrong('[section], option = value, or a comment', 'text without "=" or ":"');
    const key = strip(line.slice(0, at));
    if (key === '') throw wrong('an option name before the "=" or ":"', 'none');
    if (section === undefined) throw wrong('a [section] before the first option', key);
    open = { key, line: index + 1, lines: [unquoted(strip(line.slice(at + 1)))] };
  }
  close();
  return settings;
}

/** One pair of quotes around the first line of a value is dropped, as oslo.config does. */
function unquoted(value: string): string {
  const quote = value[0];
  return (quote === '"' || quote === "'") && value.endsWith(quote) ? value.slice(1, -1) : value;
}

/** oslo.config reads section names in any case, except `DEFAULT`. */
export function sectionName(name: string): string {
  return name === 'DEFAULT' ? name : name.toLowerCase();
}
