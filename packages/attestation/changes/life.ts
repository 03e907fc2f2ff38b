// The life of a reference value: how it enters, takes over, is retired and comes back. Pure: values in, values out.
import { AssayError } from '@assay/core';
import {
  componentName,
  type NewReferenceValue,
  type ReferenceContent,
  type ReferenceValue,
  type Retirement,
  type UpdateWindow,
} from '@assay/protocol';
import { referenceId } from '../storage/reference-values.ts';
import { revivedBy } from './revival.ts';

/** Who says so, when and why. */
export type Said = { readonly by: string; readonly because: string | undefined; readonly at: Date };

/** `hypervisor linux-image 6.1.0-31` */
export const nameOf = ({ id, component, name, version }: ReferenceValue): string =>
  [componentName(component), ...(name ? [name, version] : [version, id.slice(0, 8)])].filter(Boolean).join(' ');

/** @throws AssayError `reference-not-found`, `reference-id-conflict` where several begin so */
export function findValue(values: readonly ReferenceValue[], id: string): ReferenceValue {
  const found = values.filter((value) => value.id === id);
  const begun = found.length > 0 ? found : values.filter((value) => value.id.startsWith(id));
  const [only] = begun;
  if (!only) throw new AssayError('reference-not-found', `reference value ${id}`, 'one that is there', 'none');
  if (begun.length > 1)
    throw new AssayError(
      'reference-id-conflict',
      `reference value ${id}`,
      'the beginning of one id',
      `${begun.length} that begin so: ${begun.slice(0, 3).map((one) => one.id.slice(0, 12))}`,
    );
  return only;
}

type Entering = {
  readonly window?: UpdateWindow | undefined;
  readonly retired?: Retirement | undefined;
  readonly force?: boolean | undefined;
};

/**
 * Values as they would enter, each once; good at once, or in a window, or no more.
 * @throws AssayError `reference-value` for what says nothing, and for a window that is none; `reference-retired` for what would make good again
 * what a retired value alone has, unless forced
 */
export function entering(
  values: readonly ReferenceValue[],
  given: readonly NewReferenceValue[],
  { window, retired, by, because, at, force = false }: Said & Entering,
): { fresh: ReferenceValue[]; known: ReferenceValue[] } {
  if (window && retired) throw new AssayError('reference-value', 'retired', 'values that are not next', 'next as well');
  const there = new Map(values.map((value) => [value.id, value]));
  const [fresh, known] = [new Map<string, ReferenceValue>(), new Map<string, ReferenceValue>()];
  given.forEach((one, i) => {
    checkContent(one, `values/${i}`);
    const id = referenceId(one);
    const before = there.get(id);
    if (before) known.set(id, before);
    else
      fresh.set(id, {
        id,
        ...one,
        ...(window
          ? { state: 'next', ...windowOf(values, { ...one, id }, window, at) }
          : retired
            ? retiredAt(retired, at)
            : { state: 'current' }),
        by,
        ...(because !== undefined && { because }),
        added_at: at.toISOString(),
      });
  });
  const revived = force || retired ? undefined : revivedBy(values, [...fresh.values()]);
  if (revived)
    throw new AssayError(
      'reference-retired',
      nameOf(revived.fresh),
      'what was never retired',
      `${revived.what}, of ${nameOf(revived.retired)}, which was`,
      {
        hint: `if it is good again: assay reference reinstate ${revived.retired.id}; to add it all the same: --force --because "…"`,
      },
    );
  return { fresh: [...fresh.values()], known: [...known.values()] };
}

function retiredAt({ at, because }: Retirement, now: Date): Partial<ReferenceValue> & Pick<ReferenceValue, 'state'> {
  if (at !== undefined && !(instant(at) <= now.getTime()))
    throw new AssayError('reference-value', 'retired.at', 'a point in time behind', at);
  const why = because !== undefined && { retired_because: because };
  return { state: 'retired', retired_at: at ?? now.toISOString(), ...why };
}

/** A window that has begun needs no beginning. */
function windowOf(
  values: readonly ReferenceValue[],
  one: NewReferenceValue & { id: string },
  { from, until, replaces }: UpdateWindow,
  at: Date,
): Pick<ReferenceValue, 'from' | 'until' | 'replaces'> {
  const begins = from === undefined ? at.getTime() : instant(from);
  if (Number.isNaN(begins)) throw new AssayError('reference-value', '--from', 'a point in time', from);
  if (until !== undefined && !(instant(until) > Math.max(at.getTime(), begins)))
    throw new AssayError(
      'reference-value',
      '--until',
      from === undefined ? 'a point in time ahead' : 'a point in time ahead, after --from',
      until,
    );
  const named = replaces?.map((id) => findValue(values, id)) ?? namesakes(values, one);
  const self = named.find(({ id }) => id === one.id);
  if (self) throw new AssayError('reference-value', '--replaces', 'other values', `${nameOf(self)} itself`);
  const foreign = named.find(({ component }) => component !== one.component);
  if (foreign)
    throw new AssayError('reference-value', '--replaces', `values of ${componentName(one.component)}`, nameOf(foreign));
  const ids = [...new Set(named.map(({ id }) => id))];
  return {
    ...(begins > at.getTime() && { from }),
    ...(until !== undefined && { until }),
    ...(ids.length > 0 && { replaces: ids }),
  };
}

/** Milliseconds; NaN for a day that no calendar has: the 30th of February is not the 2nd of March. */
function instant(text: string): number {
  const ms = Date.parse(text);
  const seconds = 'YYYY-MM-DDTHH:MM:SS'.length;
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, seconds) === text.slice(0, seconds) ? ms : Number.NaN;
}

/** Earlier versions of the same thing: only where it has a name, so that nothing is replaced by accident. */
const namesakes = (values: readonly ReferenceValue[], one: NewReferenceValue & { id: string }): ReferenceValue[] =>
  values.filter(
    ({ id, state, component, name, content }) =>
      state === 'current' &&
      id !== one.id &&
      component === one.component &&
      name !== undefined &&
      name === one.name &&
      content.form === one.content.form,
  );

/** Was good, and is not any more. */
export const retired = (value: ReferenceValue, { because, at }: Said): ReferenceValue => {
  const { until: _until, replaces: _replaces, ...rest } = value;
  return {
    ...rest,
    state: 'retired',
    retired_at: at.toISOString(),
    ...(because !== undefined && { retired_because: because }),
  };
};

/**
 * A `next` becomes current, and what it replaces is retired.
 * @returns those that change @throws AssayError `reference-state-conflict` when it is no `next`
 */
export function promoted(values: readonly ReferenceValue[], value: ReferenceValue, said: Said): ReferenceValue[] {
  if (value.state !== 'next') throw stateConflict(value, 'next');
  const { from: _from, until: _until, replaces = [], ...rest } = value;
  const because = said.because ?? `replaced by ${nameOf(value)}`;
  const old = values.filter(({ id, state }) => replaces.includes(id) && state !== 'retired');
  return [{ ...rest, state: 'current' }, ...old.map((one) => retired(one, { ...said, because }))];
}

/** A retired one is good again, as `next`. @throws AssayError `reference-state-conflict`, `reference-value` */
export function reinstated(
  values: readonly ReferenceValue[],
  value: ReferenceValue,
  { window = {}, at }: Said & { window: UpdateWindow | undefined },
): ReferenceValue {
  if (value.state !== 'retired') throw stateConflict(value, 'retired', 'nothing to reinstate');
  const { retired_at: _at, retired_because: _because, from: _from, ...rest } = value;
  return { ...rest, state: 'next', ...windowOf(values, value, { replaces: [], ...window }, at) };
}

const stateConflict = (value: ReferenceValue, wanted: string, hint = 'nothing to promote') =>
  new AssayError('reference-state-conflict', `reference value ${value.id}`, `a ${wanted} one`, value.state, { hint });

const sizes: Record<string, number> = { sha1: 40, sha256: 64, sha384: 96, sha512: 128 };

/** What no schema can tell: digests as long as their algorithm makes them, and something said at all. @throws AssayError `reference-value` */
function checkContent({ content }: NewReferenceValue, where: string): void {
  const bad = (expected: string, got: unknown) => new AssayError('reference-value', `${where}/content`, expected, got);
  const all = digestsIn(content);
  if (all.length === 0 && content.form !== 'sequence') throw bad('one entry at least', 'none'); // an empty sequence says that nothing is measured
  for (const digests of all) {
    const entries = Object.entries(digests);
    if (entries.length === 0) throw bad('a digest of each entry', 'none');
    for (const [name, digest] of entries)
      if (!/^([0-9a-f]{2})+$/.test(digest) || (sizes[name] ?? digest.length) !== digest.length)
        throw bad(`a ${name} digest in hex`, digest);
  }
}

function digestsIn(content: ReferenceContent): Record<string, string>[] {
  switch (content.form) {
    case 'sequence':
      return content.events.map(({ digests }) => digests);
    case 'measurements':
      return content.measurements.map(({ digests }) => digests);
    case 'pcr-values':
      return content.values.map(({ bank, value }) => ({ [bank]: value }));
    case 'files':
      return content.files.map(({ digests }) => digests);
  }
}
