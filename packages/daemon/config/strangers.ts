// What in these files looks meant for us but will not be read? An operator's nova.conf has hundreds of options that are
// not ours, so this warns and never fails.
import { type Setting, sectionName } from './ini.ts';
import type { Sections } from './option.ts';

/** One line each: a section or option that differs by a slip from one of ours, and per section what else is not read. */
export function strangers(settings: readonly Setting[], sections: Sections): string[] {
  const warnings = new Set<string>();
  const unread = new Map<string, string[]>();
  const former = Object.entries(sections).flatMap(([section, options]) =>
    Object.values(options).flatMap((option) =>
      option.aliases.map((alias) => (alias.includes('.') ? alias : `${section}.${alias}`)),
    ),
  );
  for (const { file, section, key, line } of settings) {
    const name = sectionName(section);
    const options = sections[name];
    if (options && !Object.hasOwn(options, key) && !former.includes(`${name}.${key}`)) {
      const meant = Object.keys(options).find((known) => slips(key.toLowerCase(), known) <= 2);
      if (meant)
        warnings.add(`${file} line ${line}: [${section}] ${key} is not an option of this service; is ${meant} meant?`);
      else unread.set(`${file} [${section}]`, [...(unread.get(`${file} [${section}]`) ?? []), key]);
    }
    if (!options && !former.some((alias) => alias.startsWith(`${name}.`))) {
      const meant = Object.keys(sections).find((known) => slips(name.trim(), known.toLowerCase()) <= 1);
      if (meant) warnings.add(`${file}: section [${section}] is not read; is [${meant}] meant?`);
    }
  }
  for (const [where, keys] of unread) {
    const names = [...new Set(keys)];
    const rest = names.length > 10 ? ` and ${names.length - 10} more` : '';
    warnings.add(`${where}: options this service does not read: ${names.slice(0, 10).join(', ')}${rest}`);
  }
  return [...warnings];
}

/** Is this warning of a slip? For services where an option that is not read would weaken what it was written for. */
export const isSlip = (warning: string): boolean => warning.endsWith(' meant?');

/** How many letters must be added, dropped or changed to get from one word to the other (Levenshtein), 3 at most. */
function slips(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return Math.min(row.at(-1) as number, 3);
}
