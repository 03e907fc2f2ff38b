// CSV (RFC 4180) with a header: `sha256` or `sha384` (or `digest`), and `path` or `claim`, `component`, `description`.
import { AssayError } from '@assay/core';
import { digestOf, type ListRow } from './row.ts';

const digestColumns = ['sha256', 'sha384', 'sha512', 'digest'];
const wordColumns = ['path', 'claim', 'component', 'description'] as const;

/** @throws AssayError `list-line` */
export function csvRows(text: string, where: string): ListRow[] {
  const [header, ...records] = recordsOf(text, where);
  if (!header) return [];
  const columns = header.fields.map((name) => name.trim().toLowerCase());
  if (!columns.some((name) => digestColumns.includes(name)))
    throw new AssayError(
      'list-line',
      `${where} line 1`,
      'output of sha256sum, JSON, or a header of CSV with sha256',
      header.fields,
    );
  const strange = columns.find(
    (name, i) => ![...digestColumns, ...wordColumns].includes(name) || columns.indexOf(name) !== i,
  );
  if (strange !== undefined)
    throw new AssayError(
      'list-line',
      `${where} line 1`,
      `each of ${[...digestColumns, ...wordColumns].join(', ')} once`,
      strange,
    );
  return records.map(({ fields, line }) => {
    const place = `${where} line ${line}`;
    if (fields.length !== columns.length)
      throw new AssayError('list-line', place, `${columns.length} fields`, fields.length);
    const cell = (name: string) => fields[columns.indexOf(name)] || undefined;
    const digests = digestColumns.flatMap((name) => {
      const digest = cell(name);
      return digest === undefined ? [] : [digestOf(digest, place, name === 'digest' ? undefined : name)];
    });
    if (digests.length === 0) throw new AssayError('list-line', place, 'a digest', 'none');
    const words = Object.fromEntries(wordColumns.map((name) => [name, cell(name)]));
    return { ...words, digests: Object.assign({}, ...digests), place };
  });
}

type CsvRecord = { fields: string[]; line: number };

/** Fields of each record, and the line it begins in; empty lines are passed over. */
function recordsOf(text: string, where: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let record: CsvRecord = { fields: [], line };
  const plain = /[^",\r\n]*/y;
  const ending = /,|\r?\n|$/y;
  for (let at = 0; at < text.length || record.fields.length > 0; ) {
    const quoted = text[at] === '"';
    plain.lastIndex = at;
    const length = quoted ? quotedLength(text, at) : (plain.exec(text)?.[0].length ?? 0);
    ending.lastIndex = at + length;
    const end = length < 0 ? undefined : ending.exec(text)?.[0];
    if (end === undefined)
      throw new AssayError('list-line', `${where} line ${line}`, 'fields of CSV', 'a quote where none may be');
    const field = text.slice(at, at + length);
    record.fields.push(quoted ? field.slice(1, -1).replaceAll('""', '"') : field);
    at += length + end.length;
    line += (field + end).split('\n').length - 1;
    if (end === ',') continue;
    if (record.fields.length > 1 || record.fields[0] !== '') records.push(record);
    record = { fields: [], line };
    if (end === '') break;
  }
  return records;
}

/** Of the field that begins here, with its quotes; -1: it does not end. By steps: a regex takes too much of the stack for a long one. */
function quotedLength(text: string, start: number): number {
  let close = text.indexOf('"', start + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  return close < 0 ? -1 : close + 1 - start;
}
