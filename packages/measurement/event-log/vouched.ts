// Does the digest of an event vouch for its data? Then a quote over the digest proves the data too; else the data is only a
// story that somebody put beside the digest.

import { digestText } from '../digest.ts';
import { latin1 } from '../uefi/primitives.ts';
import type { BootEvent, HashName } from './event.ts';
import type { EventType } from './event-type.ts';
import { eventType } from './events/catalogue.ts';

/**
 * Whether the digest of this event is the hash of its data.
 * @returns false: it had to be and is not, or the bank is missing; undefined: it is of something outside the log, or the data could not be read
 */
export function dataVouchedFor(event: BootEvent, bank: HashName): boolean | undefined {
  let known = answers.get(event);
  if (!known) {
    known = new Map();
    answers.set(event, known);
  }
  if (!known.has(bank)) known.set(bank, vouches(event, bank));
  return known.get(bank);
}

/** Rules and claims ask the same of the same events, and hashing is most of what a log costs. */
const answers = new WeakMap<BootEvent, Map<HashName, boolean | undefined>>();

function vouches(event: BootEvent, bank: HashName): boolean | undefined {
  const { covers, mayCover } = eventType(event.frame.type);
  const must = covered(covers, event);
  const may = covered(mayCover, event);
  const answer = must.length > 0 ? false : undefined;
  if (answer === undefined && may.length === 0) return undefined;
  const digest = event.digests[bank];
  if (!digest) return answer;
  const text = latin1(digest);
  for (const part of must) if (digestText(bank, part) === text) return true;
  for (const part of may) if (digestText(bank, part) === text) return true;
  return answer;
}

const nothing: readonly Uint8Array[] = [];

function covered(of: EventType['covers'], event: BootEvent): readonly Uint8Array[] {
  if (!of) return nothing;
  const { content } = event;
  if (content === undefined) return nothing;
  return (of as (content: unknown, data: Uint8Array) => readonly Uint8Array[])(content, event.data);
}

/** Whether the digest of this event is the hash of its data in each of these banks. */
export const isVouchedFor = (event: BootEvent, banks: readonly HashName[]): boolean =>
  banks.length > 0 && banks.every((bank) => dataVouchedFor(event, bank) === true);
