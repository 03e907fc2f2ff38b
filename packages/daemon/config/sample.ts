// What does an operator find in etc/? Every option with its meaning, kind and default, written from the declarations.
import type { Option, Sections } from './option.ts';

const width = 96;

/**
 * A sample configuration file: all options commented out, so that the sample itself changes nothing.
 * @param about first lines of the file: what reads it
 * @param parts of several services that read the same file; an option both declare is written once
 */
export function sampleFile(about: string, ...parts: Sections[]): string {
  const sections = new Map<string, Map<string, Option<unknown>>>();
  for (const part of parts) {
    for (const [section, options] of Object.entries(part)) {
      const known = sections.get(section) ?? new Map();
      for (const [name, option] of Object.entries(options)) if (!known.has(name)) known.set(name, option);
      sections.set(section, known);
    }
  }
  const bodies = [...sections].map(([section, options]) =>
    [`[${section}]`, ...[...options].map(([name, option]) => entry(name, option))].join('\n\n'),
  );
  return `${comment(about)}\n\n${bodies.join('\n\n')}\n`;
}

function entry(name: string, option: Option<unknown>): string {
  const note = { required: 'required', optional: 'optional', default: undefined }[option.presence];
  const kind = ['text', 'path', 'secret'].includes(option.kind) ? option.kind : `${option.kind}: ${option.expected}`;
  const former = option.aliases.length > 0 ? `Former names: ${option.aliases.join(', ')}` : undefined;
  const lines = [comment(option.help), comment(`(${[kind, note].filter(Boolean).join('; ')})`)];
  if (former) lines.push(comment(former));
  return [...lines, ...values(option).map((value) => `#${name} =${value && ` ${value}`}`)].join('\n');
}

function values(option: Option<unknown>): string[] {
  if (option.sample !== undefined) return [option.sample];
  if (option.presence !== 'default') return [''];
  const text = option.write(option.default).replaceAll('$', '$$$$');
  return option.multi ? text.split('\n') : [text];
}

/** `# ` before each line, broken between words. */
function comment(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `# ${line}`).join('\n');
}
