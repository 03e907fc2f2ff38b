// Reference values changed: added, retired, brought back, put in the place of others, removed. Each a change like any other.
import { KnownGood } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type {
  Change,
  LearnResult,
  NewReferenceValue,
  ReferenceRequest,
  ReferenceValue,
  Rehearsal,
  UpdateWindow,
} from '@assay/protocol';
import type { Standards } from '../standards/standards.ts';
import { addReferenceValues, changeReferenceValue, removeReferenceValue } from '../storage/reference-values.ts';
import { type Applied, applyChange, type Plan, type Subject } from './apply.ts';
import { entering, findValue, nameOf, promoted, reinstated, retired, type Said } from './life.ts';
import type { ChangeNeeds } from './needs.ts';
import { usersOf } from './users.ts';
import { isReplaced } from './white-list-replaced.ts';

/** What an addition is part of: the journal tells of it under this subject, too, with `text` before what the value is. */
export type AddedAs = { readonly action: string; readonly subject: string; readonly text: string };

/**
 * Those that are there already stay as they are, also when they are retired: see `reinstateValues`. `retired`: they were good elsewhere, once.
 * @throws AssayError `reference-value`, `reference-not-found` (what it is to replace), `reference-retired`, `reference-brake`, `change-…`
 */
export async function addValues(
  needs: ChangeNeeds,
  given: readonly NewReferenceValue[],
  { next: window, retired, ...change }: Pick<ReferenceRequest, 'next' | 'retired'> & Change,
  as?: AddedAs,
): Promise<LearnResult> {
  const where = 'reference values';
  const { result, rehearsal } = await applyChange(needs, change, { kind: 'reference', where }, (present) => {
    const { values } = present.knownGood;
    const said = saidBy(needs, change);
    const { fresh, known } = entering(values, given, { ...said, window, retired, force: change.force });
    const result = { added: fresh, known };
    return {
      next: fresh.length > 0 ? withValues(present, [...values, ...fresh]) : undefined,
      unchanged: result,
      lines: fresh.flatMap((value) => {
        const text = `${as?.text ?? ''}${described(value)}`;
        const added = { action: 'reference-add', subject: value.id, text };
        return as ? [added, { action: as.action, subject: as.subject, text }] : [added];
      }),
      async write(tx) {
        await addReferenceValues(tx, fresh);
        return result;
      },
    };
  });
  return { ...result, rehearsal };
}

/** Of one value or several, by id or the beginning of one. Those that somebody has retired already stay so. */
export async function retireValues(needs: ChangeNeeds, ids: readonly string[], change: Change) {
  return await changeValues(needs, change, ids, 'reference-retire', (values, said) =>
    found(values, ids).flatMap((value) => {
      if (value.state !== 'retired') return [retired(value, said)];
      // By hand as well, so that no script brings it back.
      return isReplaced(value) ? [{ ...value, retired_because: said.because ?? 'by hand' }] : [];
    }),
  );
}

/** Retired ones are good again: as `next`, beside what they are to replace. */
export async function reinstateValues(
  needs: ChangeNeeds,
  ids: readonly string[],
  { next: window, ...change }: Change & { next?: UpdateWindow | undefined },
) {
  return await changeValues(needs, change, ids, 'reference-reinstate', (values, said) =>
    found(values, ids).map((value) => reinstated(values, value, { ...said, window })),
  );
}

/** A `next` becomes current; what it replaces is retired. */
export async function promoteValues(needs: ChangeNeeds, ids: readonly string[], change: Change) {
  return await changeValues(needs, change, ids, 'reference-promote', (values, said) => {
    const all = found(values, ids).flatMap((value) => promoted(values, value, said));
    return [...new Map(all.map((value) => [value.id, value])).values()];
  });
}

/**
 * As if they had never been there: who runs them runs something unknown, not something retired.
 * @throws AssayError `reference-in-use` while a verdict rests on one, or recorded evidence would not be good without them
 */
export async function removeValues(
  needs: ChangeNeeds,
  ids: readonly string[],
  change: Change,
): Promise<Applied<ReferenceValue[]>> {
  const users = await usersOf(needs);
  return await applyChange(needs, change, subjectOf('remove', ids), (present) => {
    const { values } = present.knownGood;
    const going = found(values, ids);
    const left = values.filter((value) => !going.includes(value));
    for (const value of going) {
      const next = left.find(({ state, replaces }) => state === 'next' && replaces?.includes(value.id));
      if (next) throw inUse(value, `${nameOf(next)} is to replace it`);
    }
    return {
      next: withValues(present, left),
      unchanged: going,
      lines: going.map((value) => ({ action: 'reference-remove', subject: value.id, text: described(value) })),
      check(_rehearsal: Rehearsal, losers: ReadonlySet<string>) {
        for (const value of going) {
          const hosts = users.get(value.id)?.hosts ?? [];
          if (hosts.length > 0) throw inUse(value, usedBy(hosts));
        }
        const [first] = going;
        if (first && losers.size > 0) throw inUse(first, usedBy([...losers].sort()), going.length);
      },
      async write(tx) {
        for (const { id } of going) await removeReferenceValue(tx, id);
        return going;
      },
    } satisfies Plan<ReferenceValue[]>;
  });
}

const mostNamed = 5;
const usedBy = (hosts: readonly string[]): string =>
  `used by ${hosts.slice(0, mostNamed).join(', ')}${hosts.length > mostNamed ? ` and ${hosts.length - mostNamed} more` : ''}`;

/** `count`: of so many together. */
function inUse(value: ReferenceValue, got: string, count = 1): AssayError {
  const where = `reference value ${value.id}${count > 1 ? ` or ${count - 1} others` : ''}`;
  const [expected, hint] =
    value.state === 'retired'
      ? ['one that no verdict names', 'it is retired already; it can go when these hosts run something else']
      : ['one that nothing rests on', 'retire it: then hosts that need it are told so'];
  return new AssayError('reference-in-use', where, expected, got, { hint });
}

/** Each once. */
const found = (values: readonly ReferenceValue[], ids: readonly string[]): ReferenceValue[] => [
  ...new Set(ids.map((id) => findValue(values, id))),
];

const subjectOf = (act: string, ids: readonly string[]): Subject => ({
  kind: 'reference',
  where: `reference value${ids.length > 1 ? 's' : ''} ${ids.join(', ').slice(0, 200)}`,
  command: `assay reference ${act} ${ids.length > mostNamed ? 'ID…' : ids.map((id) => id.slice(0, 8)).join(' ')}`,
});

async function changeValues(
  needs: ChangeNeeds,
  change: Change,
  ids: readonly string[],
  action: string,
  changedBy: (values: readonly ReferenceValue[], said: Said) => ReferenceValue[],
): Promise<Applied<ReferenceValue[]>> {
  return await applyChange(needs, change, subjectOf(action.replace('reference-', ''), ids), (present) => {
    const { values } = present.knownGood;
    const changed = changedBy(values, saidBy(needs, change));
    const byId = new Map(changed.map((value) => [value.id, value]));
    return {
      next:
        changed.length > 0
          ? withValues(
              present,
              values.map((value) => byId.get(value.id) ?? value),
            )
          : undefined,
      unchanged: changed.length > 0 ? changed : found(values, ids),
      lines: changed.map((value) => ({
        // What is put in another's place retires it: the journal of that other one tells of it, too.
        action: value.state === 'retired' ? 'reference-retire' : action,
        subject: value.id,
        text: `${described(value)}${value.retired_because && change.because === undefined ? `: ${value.retired_because}` : ''}`,
      })),
      async write(tx) {
        for (const value of changed) await changeReferenceValue(tx, value);
        return changed;
      },
    };
  });
}

const withValues = ({ policies, revision }: Standards, values: readonly ReferenceValue[]) => ({
  policies,
  knownGood: new KnownGood(values, revision + 1),
});

const saidBy = ({ clock }: ChangeNeeds, { by = 'somebody', because }: Change): Said => ({
  ...{ by, because },
  at: clock.now(),
});

/** In one line: what it is, its state, where it came from. */
export function described(value: ReferenceValue): string {
  const { content, state, from, until, source } = value;
  const counted = { sequence: 'events', measurements: 'measurements', 'pcr-values': 'values', files: 'files' } as const;
  const list = (content as unknown as Record<string, readonly unknown[]>)[counted[content.form]] ?? [];
  const begins = from === undefined ? '' : ` from ${from}`;
  const ends = until === undefined ? '' : ` until ${until}`;
  return `${nameOf(value)} (${content.form} of ${list.length}), ${state}${begins}${ends}, from ${source.kind} ${source.name}`;
}
