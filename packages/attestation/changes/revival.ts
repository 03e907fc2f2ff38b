// Would something new make good again what was retired? The same kernel in another value has another id, and whoever retired it meant the kernel.
// Of a retired sequence only all of it counts: most of its measurements are in the next one too.
import { claimOfEvent } from '@assay/appraisal';
import type { ReferenceContent, ReferenceValue } from '@assay/protocol';
import { listsReviving } from './white-list-revival.ts';

export type Revival = { fresh: ReferenceValue; retired: ReferenceValue; what: string };

/** @returns the first; undefined: nothing that a retired value alone has */
export function revivedBy(values: readonly ReferenceValue[], fresh: readonly ReferenceValue[]): Revival | undefined {
  const [gone, others] = [values.filter(isRetired), values.filter((value) => !isRetired(value))];
  return (
    firstOf(gone, fresh, others, (value) => (value.content.form === 'sequence' ? [] : thingsOf(value)), thingsOf) ??
    firstOf(gone, fresh, others, ordersOf, ordersOf) ??
    together(listsReviving(gone, fresh, others))
  );
}

const together = (found: Omit<Revival, 'what'> | undefined): Revival | undefined =>
  found && { ...found, what: 'its PCR values' };

const isRetired = ({ state }: ReferenceValue) => state === 'retired';
type Named = (value: ReferenceValue) => string[];

/** What all others have is looked at when there is something to excuse: allow lists are long. */
function firstOf(
  gone: readonly ReferenceValue[],
  fresh: readonly ReferenceValue[],
  others: readonly ReferenceValue[],
  namesOfRetired: Named,
  namesOf: Named,
): Revival | undefined {
  const before = new Map(gone.flatMap((value) => namesOfRetired(value).map((name) => [name, value] as const)));
  if (before.size === 0) return undefined;
  let good: Set<string> | undefined;
  for (const value of fresh)
    for (const name of namesOf(value)) {
      const retired = before.get(name);
      if (!retired) continue;
      good ??= new Set(others.flatMap(namesOf));
      if (!good.has(name)) return { fresh: value, retired, what: saidOf(value, name) };
    }
  return undefined;
}

/** Each digest with what it is of. PCR values are only good together, and are compared as a whole. */
function thingsOf({ component, content }: Pick<ReferenceValue, 'component' | 'content'>): string[] {
  switch (content.form) {
    case 'sequence':
      return content.events.flatMap((event) => named(component, claimOfEvent(event), event.digests));
    case 'measurements':
      return content.measurements.flatMap(({ claim, digests }) => named(component, claim, digests));
    case 'files':
      return content.files.flatMap(({ path, digests }) => named('file', path, digests));
    case 'pcr-values':
      return [];
  }
}

const named = (kind: string, name: string, digests: Readonly<Record<string, string>>): string[] =>
  Object.entries(digests).map(([bank, digest]) => [kind, name, `${bank} ${digest}`].join('\0'));

const saidOf = ({ content }: ReferenceValue, name: string): string => {
  const [, what = '', digest] = name.split('\0');
  if (content.form === 'pcr-values') return 'the same PCR values';
  return what === 'sequence' ? 'the same measurements in the same order' : `${what}: ${digest}`;
};

/** What counts as a whole, in each bank by itself: one more of them makes nothing new. */
function ordersOf({ component, content }: Pick<ReferenceValue, 'component' | 'content'>): string[] {
  const entries = orderedOf(content);
  const banks = new Set(entries.flatMap(({ digests }) => Object.keys(digests)));
  return [...banks].flatMap((bank) => {
    const own = entries.flatMap(({ at, digests }) => (digests[bank] === undefined ? [] : [`${at} ${digests[bank]}`]));
    return own.length === entries.length || content.form === 'pcr-values'
      ? [[component, content.form, bank, ...own].join('\0')]
      : [];
  });
}

function orderedOf(content: ReferenceContent): { at: string; digests: Readonly<Record<string, string>> }[] {
  if (content.form === 'sequence')
    return content.events.map(({ pcr, type, digests }) => ({ at: `${pcr} ${type}`, digests }));
  if (content.form !== 'pcr-values') return [];
  return content.values
    .toSorted((a, b) => a.pcr - b.pcr)
    .map(({ bank, pcr, value }) => ({ at: `${pcr}`, digests: { [bank]: value } }));
}
