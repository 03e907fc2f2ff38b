// JSON with rows like those of CSV: `[{ "path": "/usr/bin/x", "sha256": "…" }, …]`.
import { AssayError } from '@assay/core';
import { digestOf, type ListRow } from './row.ts';

/** @throws AssayError `list-line` */
export function readJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const at = Number(/position (\d+)/.exec(String(cause))?.[1] ?? Number.NaN);
    const line = Number.isNaN(at) ? '' : ` line ${text.slice(0, at).split('\n').length}`;
    throw new AssayError('list-line', `${where}${line}`, 'JSON', cause, { cause });
  }
}

const words = ['path', 'claim', 'component', 'description'] as const;
const algorithms = ['sha256', 'sha384', 'sha512'];

/** @throws AssayError `list-line` with the number of the row */
export function jsonRows(json: unknown, where: string): ListRow[] {
  if (!Array.isArray(json)) throw new AssayError('list-kind', where, 'an array of rows', 'other JSON');
  return json.map((row: unknown, i) => {
    const place = `${where} [${i}]`;
    if (!isObject(row)) throw new AssayError('list-line', place, 'an object with path or claim and a digest', row);
    const strange = Object.keys(row).find((name) => ![...words, ...algorithms].some((known) => known === name));
    if (strange) throw new AssayError('list-line', place, [...words, ...algorithms].join(', '), strange);
    const text = (name: string): string | undefined => {
      const value = row[name];
      if (value === undefined || typeof value === 'string') return value;
      throw new AssayError('list-line', `${place}.${name}`, 'text', value);
    };
    const digests = algorithms.flatMap((name) => {
      const digest = text(name);
      return digest === undefined ? [] : [digestOf(digest, place, name)];
    });
    if (digests.length === 0) throw new AssayError('list-line', place, 'a digest', 'none');
    const said = Object.fromEntries(words.map((name) => [name, text(name)]));
    return { ...said, digests: Object.assign({}, ...digests), place };
  });
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
