// What does a value say once `$other` and `${section.other}` in it are replaced by those options' values?
// As oslo.config does: `$$` and `\$` are a dollar sign, a `$` before anything but a name stays.
import { AssayError } from '@assay/core';
import { type Setting, sectionName } from './ini.ts';
import type { Sections } from './option.ts';

const reference = /\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi;

/**
 * @param quiet do not show the name after the `$`: in a secret it may be part of the secret
 * @throws AssayError `config-value` for a reference to an option that is not set anywhere, or that refers to itself
 */
export function interpolated(
  setting: Setting,
  all: readonly Setting[],
  sections: Sections,
  quiet: boolean,
  seen: readonly Setting[] = [],
): string {
  const where = `${setting.file} [${setting.section}] ${setting.key}`;
  quiet ||= sections[sectionName(setting.section)]?.[setting.key]?.secret ?? false;
  const fail = (name: string, expected: string) =>
    new AssayError('config-value', where, expected, quiet ? 'a "$" and a name' : `$${name}`, {
      hint: `see line ${setting.line}; a dollar sign that is meant is written "$$"`,
    });
  if (seen.includes(setting)) throw fail(setting.key, 'a value that does not refer to itself');
  // In this order, as oslo.config does it: `$\$x` is a dollar sign and a reference.
  const text = setting.value.replaceAll('\\$', '$$$$');
  return text.replace(reference, (_whole, dollar?: string, plain?: string, braced?: string) => {
    const name = plain ?? braced;
    if (dollar || name === undefined) return '$';
    const dot = name.indexOf('.');
    const key = name.slice(dot + 1);
    // A bare name is looked for beside the option first, then in [DEFAULT].
    for (const section of dot > 0 ? [sectionName(name.slice(0, dot))] : [sectionName(setting.section), 'DEFAULT']) {
      const target = all.findLast((other) => sectionName(other.section) === section && other.key === key);
      if (target) return interpolated(target, all, sections, quiet, [...seen, setting]);
      const declared = sections[section]?.[key];
      if (declared?.presence === 'default') return declared.write(declared.default);
      if (declared?.presence === 'optional') return '';
    }
    throw fail(name, 'after "$" the name of an option that is set');
  });
}
