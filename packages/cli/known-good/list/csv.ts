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
  // A quoted field or a plain one, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  while (field.lastIndex < text.length || record.fields.length > 0) {
    const found = field.exec(text);
    if (!found)
      throw new AssayError('list-line', `${where} line ${line}`, 'fields of CSV', 'a quote where none may be');
    const [whole, quoted, plain = '', end] = found;
    record.fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split('\n').length - 1;
    if (end === ',') continue;
    if (record.fields.length > 1 || record.fields[0] !== '') records.push(record);
    record = { fields: [], line };
    if (end === '') break;
  }
  return records;
}
