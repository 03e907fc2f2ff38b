// What do the values say of one digest, in whatever state they are? And how does one tell a person of a value.
import { escaped } from '@assay/core';
import type { ReferenceValue } from '@assay/protocol';
import type { KnownGood } from '../reference/known-good.ts';
import { earlyText, type Standing, valueName } from '../reference/standing.ts';

export type KnownThing = {
  value: ReferenceValue;
  /** Of a single measurement; an event of a sequence has none. */
  claim: string | undefined;
};

/** By component, bank and digest; made once for each change of what is known good. */
const indices = new WeakMap<KnownGood, ReadonlyMap<string, readonly KnownThing[]>>();

/** All values of a component that have this digest, in the order they were added. */
export function thingsWith(
  knownGood: KnownGood,
  component: string,
  bank: string,
  digest: string,
): readonly KnownThing[] {
  const index = indices.get(knownGood) ?? indexOf(knownGood.values);
  indices.set(knownGood, index);
  return index.get(`${component} ${bank} ${digest}`) ?? [];
}

function indexOf(values: readonly ReferenceValue[]): ReadonlyMap<string, readonly KnownThing[]> {
  const byDigest = new Map<string, KnownThing[]>();
  const add = (value: ReferenceValue, digests: Record<string, string>, claim?: string) => {
    for (const [bank, digest] of Object.entries(digests)) {
      const name = `${value.component} ${bank} ${digest}`;
      const things = byDigest.get(name);
      if (!things) byDigest.set(name, [{ value, claim }]);
      else if (things.at(-1)?.value !== value || things.at(-1)?.claim !== claim) things.push({ value, claim });
    }
  };
  for (const value of values) {
    const { content } = value;
    if (content.form === 'sequence') for (const { digests } of content.events) add(value, digests);
    if (content.form === 'measurements')
      for (const { digests, claim } of content.measurements) add(value, digests, claim);
  }
  return byDigest;
}

/** As an operator would say of it: `linux-image 6.1.0-30, retired 3 days ago because …`. @param now when it is said */
export function standingText(value: ReferenceValue, standing: Standing, now: Date): string {
  if (standing === 'early') return earlyText(value);
  if (standing === 'good') return valueName(value);
  const { retired_at: at, retired_because: why } = value;
  const when = at === undefined ? '' : ` ${agoText(now.getTime() - Date.parse(at))}`;
  return `${valueName(value)}, retired${when}${why === undefined ? '' : ` because ${escaped(why)}`}`;
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
