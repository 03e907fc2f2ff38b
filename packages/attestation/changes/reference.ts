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
import { type Applied, applyChange, type Plan } from './apply.ts';
import { entering, findValue, nameOf, promoted, reinstated, retired, type Said } from './life.ts';
import type { ChangeNeeds } from './needs.ts';
import { usersOf } from './users.ts';

/** What an addition is part of: the journal tells of it under this subject, too, with `text` before what the value is. */
export type AddedAs = { readonly action: string; readonly subject: string; readonly text: string };

/**
 * Those that are there already stay as they are, also when they are retired: see `reinstateValue`. `retired`: they were good elsewhere, once.
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

/** Of one value or several, by id or the beginning of one. Those that are retired already stay so. */
export async function retireValues(needs: ChangeNeeds, ids: readonly string[], change: Change) {
  return await changeValues(needs, change, ids, 'reference-retire', (values, said) =>
    ids.flatMap((id) => {
      const value = findValue(values, id);
      return value.state === 'retired' ? [] : [retired(value, said)];
    }),
  );
}

/** A retired one is good again: as `next`, beside what it is to replace. */
export async function reinstateValue(
  needs: ChangeNeeds,
  id: string,
  { next: window, ...change }: Change & { next?: UpdateWindow | undefined },
) {
  return await changeValues(needs, change, [id], 'reference-reinstate', (values, said) => [
    reinstated(values, findValue(values, id), { ...said, window }),
  ]);
}

/** A `next` becomes current; what it replaces is retired. */
export async function promoteValues(needs: ChangeNeeds, ids: readonly string[], change: Change) {
  return await changeValues(needs, change, ids, 'reference-promote', (values, said) => {
    const all = ids.flatMap((id) => promoted(values, findValue(values, id), said));
    return [...new Map(all.map((value) => [value.id, value])).values()];
  });
}

/**
 * As if it had never been there: who runs it runs something unknown, not something retired.
 * @throws AssayError `reference-in-use` while a verdict rests on it, or recorded evidence would not be good without it
 */
export async function removeValue(needs: ChangeNeeds, id: string, change: Change): Promise<Applied<ReferenceValue[]>> {
  const users = await usersOf(needs);
  return await applyChange(needs, change, { kind: 'reference', where: `reference value ${id}` }, (present) => {
    const { values } = present.knownGood;
    const value = findValue(values, id);
    const next = values.find(({ state, replaces }) => state === 'next' && replaces?.includes(value.id));
    if (next) throw inUse(value, `${nameOf(next)} is to replace it`);
    return {
      next: withValues(
        present,
        values.filter((one) => one.id !== value.id),
      ),
      unchanged: [value],
      lines: [{ action: 'reference-remove', subject: value.id, text: described(value) }],
      check(_rehearsal: Rehearsal, losers: ReadonlySet<string>) {
        const hosts = [...new Set([...(users.get(value.id)?.hosts ?? []), ...losers])].sort();
        const others = hosts.length > 5 ? ` and ${hosts.length - 5} more` : '';
        if (hosts.length > 0) throw inUse(value, `used by ${hosts.slice(0, 5).join(', ')}${others}`);
      },
      async write(tx) {
        await removeReferenceValue(tx, value.id);
        return [value];
      },
    } satisfies Plan<ReferenceValue[]>;
  });
}

const inUse = (value: ReferenceValue, got: string) =>
  new AssayError('reference-in-use', `reference value ${value.id}`, 'one that nothing rests on', got, {
    hint: 'retire it: then hosts that need it are told so',
  });

async function changeValues(
  needs: ChangeNeeds,
  change: Change,
  ids: readonly string[],
  action: string,
  changedBy: (values: readonly ReferenceValue[], said: Said) => ReferenceValue[],
): Promise<Applied<ReferenceValue[]>> {
  const where = `reference value ${ids.join(', ').slice(0, 200)}`;
  return await applyChange(needs, change, { kind: 'reference', where }, (present) => {
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
      unchanged: changed.length > 0 ? changed : ids.map((id) => findValue(values, id)),
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
function described(value: ReferenceValue): string {
  const { content, state, from, until, source } = value;
  const counted = { sequence: 'events', measurements: 'measurements', 'pcr-values': 'values', files: 'files' } as const;
  const list = (content as unknown as Record<string, readonly unknown[]>)[counted[content.form]] ?? [];
  const begins = from === undefined ? '' : ` from ${from}`;
  const ends = until === undefined ? '' : ` until ${until}`;
  return `${nameOf(value)} (${content.form} of ${list.length}), ${state}${begins}${ends}, from ${source.kind} ${source.name}`;
}
