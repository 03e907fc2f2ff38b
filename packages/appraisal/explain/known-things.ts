// What do the values say of one digest, in whatever state they are? And how is a value called by a person.
import { escaped } from '@assay/core';
import { componentName, type ReferenceValue } from '@assay/protocol';
import type { KnownGood } from '../reference/known-good.ts';

/** `early`: good from an instant on that is still to come. */
export type ValueStanding = 'good' | 'early' | 'retired';

export function standingOf({ state, from }: Pick<ReferenceValue, 'state' | 'from'>, now: Date): ValueStanding {
  if (state === 'retired') return 'retired';
  return from !== undefined && !(Date.parse(from) <= now.getTime()) ? 'early' : 'good';
}

export type KnownThing = {
  value: ReferenceValue;
  /** Of a single measurement; an event of a sequence has none. */
  claim: string | undefined;
};

type Index = ReadonlyMap<string, readonly KnownThing[]>;
/** Made once for each change of what is known good. */
const indices = new WeakMap<KnownGood, Index>();

/** All values of a component that have this digest, in the order they were added. */
export function thingsWith(
  knownGood: KnownGood,
  component: string,
  bank: string,
  digest: string,
): readonly KnownThing[] {
  let index = indices.get(knownGood);
  if (!index) {
    index = indexOf(knownGood.values);
    indices.set(knownGood, index);
  }
  return index.get(`${component} ${bank} ${digest}`) ?? [];
}

function indexOf(values: readonly ReferenceValue[]): Index {
  const index = new Map<string, KnownThing[]>();
  const add = (value: ReferenceValue, digests: Record<string, string>, claim?: string) => {
    for (const [bank, digest] of Object.entries(digests)) {
      const name = `${value.component} ${bank} ${digest}`;
      const things = index.get(name);
      if (!things) index.set(name, [{ value, claim }]);
      else if (things.at(-1)?.value !== value || things.at(-1)?.claim !== claim) things.push({ value, claim });
    }
  };
  for (const value of values) {
    const { content } = value;
    if (content.form === 'sequence') for (const { digests } of content.events) add(value, digests);
    if (content.form === 'measurements')
      for (const { digests, claim } of content.measurements) add(value, digests, claim);
  }
  return index;
}

/** `linux-image 6.1.0-31`; of a value without a name where it comes from. On one line. */
export function valueName(value: Pick<ReferenceValue, 'name' | 'version' | 'source' | 'component'>): string {
  const { name, version, source, component } = value;
  if (name !== undefined || version !== undefined)
    return escaped([name ?? componentName(component), version].filter((part) => part !== undefined).join(' '));
  const from = escaped(source.name);
  if (source.kind === 'host') return `what ${from} measured`;
  if (source.kind === 'accepted') return `what was accepted of ${from}`;
  return from;
}

/** `retired 3 days ago because …`. @param because what was said when it was retired */
export function retiredText(
  { retired_at }: Pick<ReferenceValue, 'retired_at'>,
  because: string | undefined,
  now: Date,
): string {
  const when = retired_at === undefined ? '' : ` ${agoText(now.getTime() - Date.parse(retired_at))}`;
  return `retired${when}${because === undefined ? '' : ` because ${escaped(because)}`}`;
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** `3 days ago` */
export function agoText(ms: number): string {
  for (const [unit, length] of units) {
    const count = Math.floor(ms / length);
    if (count >= 1) return `${count} ${unit}${count > 1 ? 's' : ''} ago`;
  }
  return 'just now';
}
