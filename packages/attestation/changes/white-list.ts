// White lists of MLEs changed: each is one reference value with all its PCRs, and what is written puts a new value in the place of the old one, in one
// change like any other.
import { KnownGood } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Change, NewReferenceValue, ReferenceContent, ReferenceValue } from '@assay/protocol';
import {
  addReferenceValues,
  changeReferenceValue,
  referenceId,
  removeReferenceValue,
} from '../storage/reference-values.ts';
import type { Db } from '../storage/schema.ts';
import { applyChange, type Plan } from './apply.ts';
import { entering, nameOf, retired, type Said } from './life.ts';
import type { ChangeNeeds } from './needs.ts';
import { described } from './reference.ts';
import { type Users, usersOf } from './users.ts';
import { becauseReplaced, isReplaced } from './white-list-replaced.ts';

/** Whose white list. */
export type ListOwner = {
  readonly component: string;
  readonly vendor: string;
  readonly name: string;
  readonly version: string;
};
export type PcrEntry = Extract<ReferenceContent, { form: 'pcr-values' }>['values'][number];

export type ListWish = {
  /** All of it, none or several entries; undefined: the MLE goes, with all that is good under its name. */
  readonly list: readonly PcrEntry[] | undefined;
  /** What else there is to write, in the same transaction. */
  write(tx: Db): Promise<void>;
};

export const isOf = (owner: ListOwner, { component, vendor = '', name, version }: ReferenceValue): boolean =>
  component === owner.component && vendor === owner.vendor && name === owner.name && version === owner.version;

export const isWhiteList = ({ content }: Pick<ReferenceValue, 'content'>): boolean =>
  content.form === 'pcr-values' && content.mle === true;

/** The entries it has: none where nobody wrote one. */
export function whiteListOf(values: readonly ReferenceValue[], owner: ListOwner): readonly PcrEntry[] {
  const list = values.findLast((one) => one.state !== 'retired' && isWhiteList(one) && isOf(owner, one));
  return list?.content.form === 'pcr-values' ? list.content.values : [];
}

/**
 * @param wishOf is asked again when something else was changed meanwhile; throws what refuses the change
 * @throws AssayError `reference-brake`; `reference-retired` for a list that somebody retired, unless forced; `change-…`
 */
export async function changeWhiteList(
  needs: ChangeNeeds,
  owner: ListOwner,
  change: Change,
  wishOf: (values: readonly ReferenceValue[]) => Promise<ListWish>,
): Promise<void> {
  const { values } = (await needs.standards(needs.db)).knownGood;
  // What changes nothing that is good is not worth a rehearsal on the fleet.
  const wish = await wishOf(values);
  if (!(await stepOf(needs, owner, change, values, wish.list)))
    return await needs.db.transaction().execute((tx) => wish.write(tx));
  const where = `white list of ${owner.name} ${owner.version} (${owner.vendor})`;
  await applyChange(needs, change, { kind: 'reference', where }, async (present): Promise<Plan<void>> => {
    const { values } = present.knownGood;
    const { list, write } = await wishOf(values);
    const step = await stepOf(needs, owner, change, values, list);
    const lines = (of: readonly ReferenceValue[] = [], action: string) =>
      of.map((value) => ({ action, subject: value.id, text: described(value) }));
    return {
      // Without a step somebody else has done it meanwhile: the same values are judged by once more.
      next: { policies: present.policies, knownGood: new KnownGood(step?.values ?? values, present.revision + 1) },
      unchanged: undefined,
      lines: [
        ...lines(step?.removed, 'reference-remove'),
        ...lines(step?.retired, 'reference-retire'),
        ...lines(step?.added, 'reference-add'),
      ],
      async write(tx) {
        await write(tx);
        for (const { id } of [...(step?.removed ?? []), ...(step?.back ?? [])]) await removeReferenceValue(tx, id);
        for (const value of step?.retired ?? []) await changeReferenceValue(tx, value);
        await addReferenceValues(tx, step?.added ?? []);
      },
    };
  });
}

/** What becomes of the values. `back`: rows of lists that come back, which enter as new ones. */
type Step = { readonly [what in 'values' | 'added' | 'retired' | 'removed' | 'back']: readonly ReferenceValue[] };

/** @returns undefined when nothing changes */
async function stepOf(
  needs: ChangeNeeds,
  owner: ListOwner,
  { by = 'somebody', because, force }: Change,
  values: readonly ReferenceValue[],
  list: readonly PcrEntry[] | undefined,
): Promise<Step | undefined> {
  const said: Said = { by, because, at: needs.clock.now() };
  const given = list && list.length > 0 ? newList(owner, list) : undefined;
  const id = given && referenceId(given);
  const there = values.find((value) => value.id === id);
  const stays = there && there.state !== 'retired';
  const old = values.filter((one) => one.state !== 'retired' && one.id !== id && isOf(owner, one));
  const going = list ? old.filter(isWhiteList) : old;
  if (going.length === 0 && (stays || !given)) return undefined;
  if (there && !stays && !force && !isReplaced(there)) throw retiredByHand(there);
  const users = going.length > 0 ? await usersOf(needs) : new Map<string, Users>();
  const removed = going.filter((value) => mayGo(value, list, users, values));
  const gone = going
    .filter((value) => !removed.includes(value))
    .map((value) => retired(value, { ...said, because: becauseReplaced(because) }));
  const others = values.filter((value) => value.id !== id && !going.includes(value));
  // What a write of this API has replaced may come back by another; what somebody retired may not.
  const added =
    given && !stays
      ? entering(
          others.filter((one) => !isReplaced(one)),
          [given],
          { ...said, force },
        ).fresh
      : [];
  const back = added.length > 0 && there ? [there] : [];
  return { values: [...others, ...(stays ? [there] : []), ...gone, ...added], added, retired: gone, removed, back };
}

/** In order, so that the same entries are the same value whoever sent them how. */
const newList = ({ component, vendor, name, version }: ListOwner, list: readonly PcrEntry[]): NewReferenceValue => ({
  ...{ component, vendor, name, version },
  content: { form: 'pcr-values', values: list.toSorted((a, b) => a.pcr - b.pcr), mle: true },
  source: { kind: 'list', name: 'OAT API' },
});

const retiredByHand = (value: ReferenceValue) =>
  new AssayError(
    'reference-retired',
    nameOf(value),
    'a white list that nobody retired',
    `one retired ${value.retired_at ?? ''}${value.retired_because ? `: ${value.retired_because}` : ''}`,
    { hint: `if it is good again: assay reference reinstate ${value.id}` },
  );

/**
 * What was good once stays known as that, unless nothing ever rests on it: of an MLE that goes, of a list that only grows, and of one that
 * nothing can match.
 */
function mayGo(
  value: ReferenceValue,
  list: readonly PcrEntry[] | undefined,
  users: ReadonlyMap<string, Users>,
  values: readonly ReferenceValue[],
): boolean {
  const { id, content } = value;
  if (content.form !== 'pcr-values' || !isWhiteList(value)) return false;
  const has = (one: PcrEntry) =>
    list?.some(({ bank, pcr, value: digest }) => bank === one.bank && pcr === one.pcr && digest === one.value);
  const harmless =
    list === undefined || content.values.every((one) => has(one)) || content.values.some(({ bank }) => bank === 'sha1');
  const { hosts = [], lastHeard = [] } = users.get(id) ?? {};
  return harmless && hosts.length + lastHeard.length === 0 && !values.some(({ replaces }) => replaces?.includes(id));
}
