// What do these configuration files set the declared options to?
// Every doubt is an error that names file, section and option; what is not ours is only warned about.
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { AssayError, escaped } from '@assay/core';
import { parseIni, type Setting, sectionName } from './ini.ts';
import { interpolated } from './interpolate.ts';
import type { Option, Sections } from './option.ts';
import { strangers } from './strangers.ts';

/** The values by section and option, typed by their declarations, and what an operator should know of the files. */
export type Conf<S extends Sections> = {
  readonly [N in keyof S]: { readonly [O in keyof S[N]]: S[N][O] extends Option<infer T> ? T : never };
} & { readonly warnings: string[] };

/**
 * @param files in order of precedence: a later file wins, `multi` options gather from all
 * @throws AssayError `config-file` (cannot be read), `config-syntax`, `config-value`, `config-missing`
 */
export function loadConfig<const S extends Sections>(files: readonly string[], sections: S): Conf<S> {
  const settings = files.flatMap((file) => parseIni(readText(file), resolve(file)));
  const warnings = strangers(settings, sections);
  const conf: Record<string, unknown> = { warnings };
  for (const [section, options] of Object.entries(sections)) {
    conf[section] = Object.fromEntries(
      Object.entries(options).map(([name, option]) => [name, chosen(section, name, option)]),
    );
  }
  return conf as Conf<S>;

  function chosen(section: string, name: string, option: Option<unknown>): unknown {
    const names = [`${section}.${name}`, ...option.aliases.map((a) => (a.includes('.') ? a : `${section}.${a}`))];
    const found = settings.filter((setting) => names.includes(`${sectionName(setting.section)}.${setting.key}`));
    for (const { file, line, section: from, key } of found) {
      if (key !== name || sectionName(from) !== section)
        warnings.push(`${file} line ${line}: [${from}] ${key} is a former name, write [${section}] ${name}`);
    }
    if (option.secret) for (const { file } of found) exposed(file, section, name);
    if (found.length === 0) return absent(section, name, option);
    if (option.multi) return found.flatMap((setting) => checked(setting, section, name, option) as string[]);
    return checked(winner(found, names), section, name, option);
  }

  function exposed(file: string, section: string, name: string): void {
    const mode = statSync(file).mode & 0o777;
    const warning = `${file}: everybody on this machine can read the secret [${section}] ${name}; chmod 0600 or 0640`;
    if (mode & 0o004 && !warnings.includes(warning)) warnings.push(warning);
  }

  function absent(section: string, name: string, option: Option<unknown>): unknown {
    if (option.presence !== 'required') return option.default;
    const where = `${files.join(', ') || 'configuration'} [${section}] ${name}`;
    throw new AssayError('config-missing', where, option.expected, 'no such option', {
      hint: `add it: ${option.help}`,
    });
  }

  function checked(setting: Setting, section: string, name: string, option: Option<unknown>): unknown {
    const { file, line } = setting;
    const where = `${file} [${section}] ${name}`;
    const text = interpolated(setting, settings, sections, option.secret);
    if (text === '' && !option.empty && option.presence === 'optional') return undefined;
    const value = text === '' && !option.empty ? undefined : option.read(text, file);
    if (value !== undefined) return value;
    const got = option.secret && text !== '' ? 'something else' : text;
    throw new AssayError('config-value', where, option.expected, got, { hint: `see line ${line}` });
  }
}

/** Within the last file that has it the present name wins over former ones, then the last line. */
function winner(found: readonly Setting[], names: readonly string[]): Setting {
  const last = found.at(-1) as Setting;
  const there = found.filter(({ file }) => file === last.file);
  for (const name of names) {
    const setting = there.findLast(({ section, key }) => `${sectionName(section)}.${key}` === name);
    if (setting) return setting;
  }
  return last;
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (cause) {
    const expected = cause instanceof TypeError ? 'text in UTF-8' : 'a configuration file that can be read';
    const got =
      cause instanceof TypeError ? 'bytes that are not UTF-8' : escaped((cause as NodeJS.ErrnoException).code ?? '');
    throw new AssayError('config-file', file, expected, got, { cause });
  }
}
