// Every event type Assay knows, by number. One that is not here stays opaque: extended and compared like any other.
import type { EventType } from '../event-type.ts';
import { actions } from './action.ts';
import { compactHash } from './compact-hash.ts';
import { firmwareBlobs } from './firmware-blob.ts';
import { gpts } from './gpt.ts';
import { handoffTables } from './handoff-tables.ts';
import { images } from './image.ts';
import { ipl } from './ipl.ts';
import { noAction } from './no-action.ts';
import { separator } from './separator.ts';
import { spdms } from './spdm.ts';
import { tagged } from './tagged.ts';
import { variables } from './variable.ts';
import { vendors } from './vendor.ts';
import { version } from './version.ts';

const all: EventType[] = [
  ...actions,
  compactHash,
  ...firmwareBlobs,
  ...gpts,
  ...handoffTables,
  ...images,
  ipl,
  noAction,
  separator,
  ...spdms,
  tagged,
  ...variables,
  ...vendors,
  version,
];

export const eventTypes: ReadonlyMap<number, EventType> = new Map(all.map((type) => [type.number, type]));

/** The type with this number; an unknown one is named by it. */
export const eventType = (number: number): EventType =>
  eventTypes.get(number) ?? { number, name: `0x${number.toString(16)}`, kind: 'opaque' };
