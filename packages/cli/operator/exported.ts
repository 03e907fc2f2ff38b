// Known good as a file: what `assay reference export` writes, and what of it comes back. Retired values do not: to import them would make them good.
import { createHash } from 'node:crypto';
import { AssayError } from '@assay/core';
import {
  check,
  type NewReferenceValue,
  type ReferenceContent,
  ReferenceList,
  type ReferenceSummary,
  type UpdateWindow,
} from '@assay/protocol';

export type Exported = { assay_reference: 1; exported_at: string; values: ReferenceSummary[] };

export const exportOf = (values: ReferenceSummary[], now: Date): Exported => ({
  assay_reference: 1,
  exported_at: now.toISOString(),
  values,
});

/** Values that go in together: current ones, or those of one window. */
export type ImportGroup = { values: NewReferenceValue[]; next?: UpdateWindow };

/** Whether a file is an export. @param head its first bytes */
export const isExport = (head: Uint8Array): boolean =>
  /^\s*\{\s*"assay_reference"\s*:/.test(Buffer.from(head).toString('latin1'));

/** @throws AssayError `reference-export` for a file that is another thing; `message-schema` */
export function importOf(text: string, file: string): { groups: ImportGroup[]; retired: ReferenceSummary[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new AssayError('reference-export', file, 'what assay reference export wrote', 'no JSON', { cause });
  }
  const version = (parsed as Partial<Exported> | null)?.assay_reference;
  if (version !== 1) throw new AssayError('reference-export', file, 'assay_reference 1', version ?? 'none');
  const { values } = check(ReferenceList, parsed, file);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const groups = new Map<string, ImportGroup>();
  for (const value of values) {
    const { content, state, from, until, replaces } = value;
    if (!content) throw new AssayError('reference-export', `${file}: value ${value.id}`, 'its content', 'none');
    if (state === 'retired') continue;
    const next: UpdateWindow | undefined =
      state === 'next' ? { ...(from && { from }), ...(until && { until }), ...(replaces && { replaces }) } : undefined;
    const key = JSON.stringify(next ?? null);
    const group = groups.get(key) ?? { values: [], ...(next && { next }) };
    group.values.push(newValueOf(value, content, { kind: 'import', name: originOf(value, file), sha256 }));
    groups.set(key, group);
  }
  // What is replaced has to be there before what replaces it.
  return {
    groups: [...groups.values()].sort((a, b) => Number(a.next !== undefined) - Number(b.next !== undefined)),
    retired: values.filter(({ state }) => state === 'retired'),
  };
}

/** What the export says of where it came from, who added it and why: whoever imports it speaks for itself. */
const originOf = ({ source, by, added_at, because }: ReferenceSummary, file: string): string =>
  `${file}: ${source.kind} ${source.name}, added ${added_at} by ${by}${because ? `: ${because}` : ''}`.slice(0, 1000);

/** What may be asked for again of a value that is there. */
export const newValueOf = (
  { component, vendor, name, version }: Omit<NewReferenceValue, 'content' | 'source'>,
  content: ReferenceContent,
  source: NewReferenceValue['source'],
): NewReferenceValue => ({
  component,
  ...(vendor !== undefined && { vendor }),
  ...(name !== undefined && { name }),
  ...(version !== undefined && { version }),
  content,
  source,
});
