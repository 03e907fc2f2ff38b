// What does this boot log say, event by event? Lenient: an event that makes no sense is kept as bytes with the reason,
// and only a broken frame ends reading. Says nothing of truth: see replay.ts for what a quote can then confirm.
import { AssayError, type Codec, decode } from '@assay/core';
import type { BootEvent, EventFrame, EventLog, LogAlgorithm } from './event.ts';
import { agileFrame, algorithmsOf, LegacyFrame, SpecIdEvent, specIdSignature } from './frame.ts';
import { mostReasons, readEvent } from './read-event.ts';

/** Boots have some hundred. More cost their reader more than their bytes do. */
const mostEvents = 8_192;

const noActionNumber = 0x0000_0003;
const sha1Only: LogAlgorithm[] = [{ id: 0x0004, name: 'sha1', size: 20 }];

/**
 * @param bytes a whole log as the kernel gives it (`binary_bios_measurements`); views into it are kept
 * @returns never fails: see `broken` for where reading had to end
 */
export function parseEventLog(bytes: Uint8Array): EventLog {
  const events: BootEvent[] = [];
  const c = { bytes, at: 0 };
  const reasons = { left: mostReasons };
  let format: EventLog['format'] = 'sha1';
  let algorithms = sha1Only;
  let frame: Codec<EventFrame> = LegacyFrame;
  let broken: EventLog['broken'];
  let good = 0;
  try {
    while (c.at < bytes.length) {
      if (events.length === mostEvents)
        throw new AssayError('log-events', `event ${mostEvents}`, `at most ${mostEvents} events`, 'more');
      const read = frame.read(c, `event ${events.length}`);
      if (events.length === 0 && isHeader(read)) {
        format = 'crypto-agile';
        algorithms = algorithmsOf(decode(SpecIdEvent, read.data, 'TCG_EfiSpecIDEvent').algorithms);
        frame = agileFrame(algorithms);
      }
      events.push(readEvent(read, events.length, good, reasons));
      good = c.at;
    }
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    broken = { offset: good, code: error.code, message: error.message };
  }
  return { format, algorithms, events, startupLocality: startupLocality(events), broken, rest: bytes.subarray(good) };
}

const isHeader = ({ type, data }: EventFrame) =>
  type === noActionNumber && Buffer.compare(data.subarray(0, 16), specIdSignature) === 0;

/** PFP §10.4.5.3: recorded in PCR 0's part of the log before anything extends it. */
function startupLocality(events: readonly BootEvent[]): number {
  for (const event of events) {
    if (event.kind !== 'no-action') {
      if (event.pcr === 0) return 0;
    } else if (event.pcr === 0 && event.content?.signature === 'startup-locality') return event.content.locality;
  }
  return 0;
}
