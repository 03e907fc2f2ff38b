// Does this value make anything good at this moment? A value is what the database says it is: no timer decides, only `from` is a time.
import { escaped } from '@assay/core';
import type { ReferenceValue } from '@assay/protocol';

/** `early`: known, and not good yet. `retired`: was good, and is not. */
export type Standing = 'good' | 'early' | 'retired';

/** A state nobody knows, or a `from` that is no time, makes nothing good. */
export function standingOf({ state, from }: Pick<ReferenceValue, 'state' | 'from'>, now: Date): Standing {
  if (state !== 'current' && state !== 'next') return 'retired';
  return from === undefined || Date.parse(from) <= now.getTime() ? 'good' : 'early';
}

/** `linux-image 6.1.0-30 (Debian)`; without a name, where it is from. */
export function valueName({ id, name, version, vendor, source }: ReferenceValue): string {
  const said = name ?? `what ${from[source.kind] ?? 'came from'} ${source.name} (value ${id.slice(0, 8)})`;
  return escaped([said, version, vendor && `(${vendor})`].filter(Boolean).join(' '));
}

const from: Readonly<Record<ReferenceValue['source']['kind'], string>> = {
  host: 'was learnt from',
  accepted: 'was accepted of',
  package: 'came with package',
  file: 'came with file',
  list: 'came with list',
  tree: 'came with tree',
  import: 'was imported from',
};

/** `linux-image 6.1.0-30, retired 2026-11-20T10:00:00.000Z because “CVE-2026-1234”` */
export function retiredText(value: ReferenceValue): string {
  const { retired_at: at, retired_because: why } = value;
  return `${valueName(value)}, retired${at ? ` ${at}` : ''}${why ? ` because “${escaped(why)}”` : ''}`;
}

/** `linux-image 6.1.0-31, good from 2026-12-01T00:00:00.000Z` */
export const earlyText = (value: ReferenceValue): string => `${valueName(value)}, good from ${value.from}`;
