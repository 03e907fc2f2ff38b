// What does a list say is good? The output of sha256sum, CSV with a header, or JSON with rows like those of CSV.
// With a claim its digests are measurements, without one they are files for IMA.
import { createHash } from 'node:crypto';
import { AssayError } from '@assay/core';
import type { NewReferenceValue } from '@assay/protocol';
import { componentOfClaim } from './claim.ts';
import { limits } from './limits.ts';
import { csvRows } from './list/csv.ts';
import { jsonRows, readJson } from './list/json.ts';
import type { ListRow } from './list/row.ts';
import { looksLikeSums, sumRows } from './list/sums.ts';
import type { ListOptions } from './options.ts';
import { readWhole } from './read.ts';
import { filesValues, measurementValues } from './values.ts';

/**
 * @param path `-`: standard input
 * @throws AssayError `list-line` with file and line, `list-empty`, `list-kind`, `claim-component`, `file-unreadable`, `file-long`
 */
export async function readList(path: string, options: ListOptions = {}): Promise<NewReferenceValue[]> {
  const where = path === '-' ? 'standard input' : path;
  const bytes = await readWhole(path, limits.list, options.stdin);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return valuesOfList(bytes, where, sha256, options);
}

/** @param sha256 of the list */
export function valuesOfList(bytes: Buffer, where: string, sha256: string, options: ListOptions): NewReferenceValue[] {
  const text = textOf(bytes, where);
  const first = text.trimStart()[0];
  const source = { kind: 'list' as const, name: where, sha256 };
  if (first !== '{' && first !== '[') {
    const rows = looksLikeSums(text) ? sumRows(text, where) : csvRows(text, where);
    return valuesOfRows(rows, where, { source, options });
  }
  return valuesOfRows(jsonRows(readJson(text, where), where), where, { source, options });
}

/** Whether these first bytes of a file are the beginning of a list. */
export function looksLikeList(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString('utf8');
  return (
    /^\s*[[{]/.test(text) ||
    looksLikeSums(text) ||
    /^[^\n]*\b(sha256|sha384|digest)\b[^\n]*,|(?:^|\n)[^\n,]*,[^\n]*\bsha(256|384)\b/i.test(text)
  );
}

function textOf(bytes: Buffer, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes); // a mark of byte order is left out
  } catch (cause) {
    throw new AssayError('list-kind', where, 'text in UTF-8', 'other bytes', { cause });
  }
}

function valuesOfRows(
  rows: readonly ListRow[],
  where: string,
  { source, options }: { source: NewReferenceValue['source']; options: ListOptions },
): NewReferenceValue[] {
  if (rows.length === 0) throw new AssayError('list-empty', where, 'at least one digest', 'none');
  const { vendor, name, version } = options;
  const said = { vendor, name, version, source };
  const claimed = rows.map((row) => ({ ...row, claim: row.claim ?? options.claim }));
  const files = claimed.filter(({ claim }) => !claim).map(fileOf);
  const byComponent = Map.groupBy(
    claimed.filter(({ claim }) => claim),
    ({ claim = '', component, place }) => componentOfClaim(claim, options.component ?? component, place),
  );
  return [
    ...[...byComponent].flatMap(([component, those]) =>
      measurementValues(
        { ...said, component },
        those.map(({ claim = '', digests, description, path }) => ({
          claim: claim.slice(0, 100),
          digests,
          description: (description ?? path ?? claim).slice(0, 1000),
        })),
      ),
    ),
    ...filesValues({ ...said, component: options.component ?? 'operating_system' }, files),
  ];
}

/** IMA names files by where they are, so no other path can ever be found. */
function fileOf({ path, digests, place }: ListRow) {
  if (path?.startsWith('/') && path.length <= limits.path && !path.split('/').includes('..')) return { path, digests };
  const hint = 'or say with --claim what the digests are measured as';
  throw new AssayError('list-line', place, 'the absolute path of a file', path ?? 'none', { hint });
}
