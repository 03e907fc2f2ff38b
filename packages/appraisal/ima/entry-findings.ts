// What is wrong with entries of IMA's list, as findings: the first of each kind, with how many there are. Every entry is looked at, also
// after the first objection.
import { shown } from '@assay/core';
import {
  type ImaFinding,
  type ImaPart,
  type ImaProblemCode,
  type ImaReplay,
  imaPcr,
  readImaList,
} from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import type { FindingCode } from '../findings/catalogue.ts';
import { finding } from '../findings/finding.ts';

const kinds: Readonly<Record<ImaProblemCode, { code: FindingCode; expected: string }>> = {
  violation: { code: 'ima-violation', expected: 'a file that nobody writes to while it is measured' },
  'template-digest': { code: 'ima-template-digest', expected: 'a template digest that is the hash of its data' },
  'template-unknown': { code: 'ima-template-unknown', expected: 'ima-ng, ima-sig or another template Assay reads' },
  'template-legacy': { code: 'ima-template-legacy', expected: 'ima-ng, ima-sig or another template with SHA-256' },
  'other-pcr': { code: 'ima-pcr', expected: 'PCR 10' },
  fields: { code: 'ima-malformed', expected: 'the fields of its template' },
  signature: { code: 'ima-signature', expected: 'a signature of a file' },
  'boot-aggregate': { code: 'ima-boot-aggregate', expected: 'boot_aggregate as the first entry' },
  'boot-aggregate-again': { code: 'ima-boot-aggregate-again', expected: 'boot_aggregate as the first entry alone' },
};

/** The code of the finding that a problem of an entry becomes. */
export const imaFindingCode = (problem: ImaProblemCode): FindingCode => kinds[problem].code;

/** @param part the bytes that were replayed, for the names of files: hints, as the list has them */
export function entryFindings({ findings, counts }: Pick<ImaReplay, 'findings' | 'counts'>, part: ImaPart): Finding[] {
  const first = new Map<ImaProblemCode, ImaFinding>();
  for (const one of findings) if (!first.has(one.code)) first.set(one.code, one);
  return [...first.values()].map(({ code, text, index, offset }) => {
    const more = (counts[code] ?? 1) - 1;
    const seen = more > 0 ? `${text} (and ${more} more)` : text;
    const { code: of, expected } = kinds[code];
    const place = { component: 'operating_system', entry: index, pcr: imaPcr } as const;
    return finding(of, `IMA entry ${index}${fileOf(part, offset)}`, expected, seen, place);
  });
}

/** ` (/usr/bin/true)`; nothing for an entry that names none. */
function fileOf({ offset, bytes }: ImaPart, at: number): string {
  const { value: entry } = readImaList(bytes.subarray(at - offset)).next();
  return entry && 'fields' in entry && entry.fields?.path ? ` (${shown(entry.fields.path)})` : '';
}

/** Those of earlier rounds first, each kind once. */
export function kept(earlier: readonly Finding[], later: readonly Finding[]): Finding[] {
  const known = new Set(earlier.map(({ code }) => code));
  return [...earlier, ...later.filter(({ code }) => !known.has(code))];
}
