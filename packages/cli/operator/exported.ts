// Known good as a file: what `assay reference export` writes, and how it comes back: what was retired as that, so that it is told from what nobody ever knew.
import { createHash } from 'node:crypto';
import { AssayError } from '@assay/core';
import {
  check,
  type NewReferenceValue,
  type ReferenceContent,
  ReferenceList,
  type ReferenceRequest,
  type ReferenceSummary,
} from '@assay/protocol';

export type Exported = { assay_reference: 1; exported_at: string; values: ReferenceSummary[] };

export const exportOf = (values: ReferenceSummary[], now: Date): Exported => ({
  assay_reference: 1,
  exported_at: now.toISOString(),
  values,
});

/** Values that go in together: current ones, those of one window, or those that were retired at one time for one reason. */
export type ImportGroup = { values: NewReferenceValue[] } & Pick<ReferenceRequest, 'next' | 'retired'>;

/** Whether a file is an export. @param head its first bytes */
export const isExport = (head: Uint8Array): boolean =>
  /^\s*\{\s*"assay_reference"\s*:/.test(Buffer.from(head).toString('latin1'));

/** @throws AssayError `reference-export` for a file that is another thing; `message-schema` */
export function importOf(text: string, file: string): ImportGroup[] {
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
    const { content } = value;
    if (!content) throw new AssayError('reference-export', `${file}: value ${value.id}`, 'its content', 'none');
    const standing = standingOf(value);
    const key = JSON.stringify(standing);
    const group = groups.get(key) ?? { values: [], ...standing };
    group.values.push(newValueOf(value, content, { kind: 'import', name: originOf(value, file), sha256 }));
    groups.set(key, group);
  }
  // What is replaced has to be there before what replaces it; what is good before what was: nothing of it is new then.
  const order = ({ next, retired }: ImportGroup) => (retired ? 2 : next ? 1 : 0);
  return [...groups.values()].sort((a, b) => order(a) - order(b));
}

function standingOf(value: ReferenceSummary): Pick<ReferenceRequest, 'next' | 'retired'> {
  const { state, from, until, replaces, retired_at: at, retired_because: because } = value;
  if (state === 'next')
    return { next: { ...(from && { from }), ...(until && { until }), ...(replaces && { replaces }) } };
  return state === 'retired' ? { retired: { ...(at && { at }), ...(because && { because }) } } : {};
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
