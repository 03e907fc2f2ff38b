// What did the firmware measure before it ended each of PCR 0–7, and what came after? By digest, not by type: the type of an
// event is not authenticated, but whoever relabels a separator cannot change what was extended (attack catalogue, L01).
// Order counts within one PCR only: events of two PCRs can be swapped and the log still replays (L25).
import type { HashName } from '@assay/tpm/structures';
import { digestText } from '../digest.ts';
import { latin1 } from '../uefi/primitives.ts';
import type { BootEvent } from './event.ts';
import { isVouchedFor } from './vouched.ts';

export type Phases = {
  /** What was extended before the first separator. */
  before: readonly BootEvent[];
  /** All events whose digest is a separator's, whatever type they claim; one in a healthy log. */
  separators: readonly BootEvent[];
  /** What was extended after the first separator. */
  after: readonly BootEvent[];
};

/** What a separator may hold (PFP §10.4.1): zeros, ones, or 1 for an error. */
const separatorValues = [0, 0xffff_ffff, 1].map((value) => new Uint8Array(Uint32Array.of(value).buffer));
const separatorDigests = new Map<HashName, ReadonlySet<string>>();

function digestsOfSeparators(bank: HashName): ReadonlySet<string> {
  const known = separatorDigests.get(bank) ?? new Set(separatorValues.map((value) => digestText(bank, value)));
  separatorDigests.set(bank, known);
  return known;
}

/** Whether this event extended what only a separator extends, in each of these banks. */
export const isSeparator = (event: BootEvent, banks: readonly HashName[]): boolean =>
  banks.length > 0 &&
  banks.every((bank) => {
    const digest = event.digests[bank];
    return digest !== undefined && digestsOfSeparators(bank).has(latin1(digest));
  });

/**
 * @param events of one log, in order
 * @param banks that a quote covers
 * @returns PCR 0–7, each with the events that extend it
 */
export function phasesOf(events: readonly BootEvent[], banks: readonly HashName[]): readonly Phases[] {
  const phases = Array.from({ length: 8 }, () => ({
    before: [] as BootEvent[],
    separators: [] as BootEvent[],
    after: [] as BootEvent[],
  }));
  for (const event of events) {
    const phase = phases[event.pcr];
    if (!phase || event.kind === 'no-action') continue;
    if (isSeparator(event, banks)) phase.separators.push(event);
    else if (phase.separators.length > 0) phase.after.push(event);
    else phase.before.push(event);
  }
  return phases;
}

/** The firmware's word that it gave the machine to the operating system, in PCR 5 (PFP §8.2.4). Undefined: it did not say so. */
export const exitBootServices = (events: readonly BootEvent[], banks: readonly HashName[]): BootEvent | undefined =>
  events.find(
    (event) =>
      event.pcr === 5 &&
      event.kind === 'action' &&
      event.content?.text === 'Exit Boot Services Invocation' &&
      isVouchedFor(event, banks),
  );
