// A word of a command that an operator copies into a shell: what a host chose, a path, must stay one word and harmless.
import { escaped } from '@assay/core';

/** Bash's and zsh's spelling of one word, on one line. */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*$/.test(text)) return text;
  if (escaped(text) === text) return `'${text.replaceAll("'", `'\\''`)}'`;
  const bytes = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_@%+=:,./ -]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${bytes.join('')}'`;
}
