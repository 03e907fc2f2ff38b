// A log as bytes again, and a log of another boot made from this one: what labs and tests feed to a TPM.
import { AssayError, encode } from '@assay/core';
import type { HashName } from '@assay/tpm/structures';
import { hashOfId } from './algorithm.ts';
import type { BootEvent, EventFrame, EventLog } from './event.ts';
import { agileFrame, LegacyFrame } from './frame.ts';
import { mostReasons, readEvent } from './read-event.ts';

/** The bytes of a log: those it was parsed from, if nothing was changed. */
export const writeEventLog = (log: EventLog): Uint8Array =>
  writeFrames(
    log,
    log.events.map(({ frame }) => frame),
  );

/** These events in the format of this log. */
export function writeFrames(
  { format, algorithms, rest }: Pick<EventLog, 'format' | 'algorithms' | 'rest'>,
  frames: readonly EventFrame[],
): Uint8Array {
  const agile = agileFrame(algorithms);
  const written = frames.map((frame, i) => encode(format === 'sha1' || i === 0 ? LegacyFrame : agile, frame));
  return Buffer.concat([...written, rest]);
}

/**
 * The log of a boot in which something else was measured here.
 * @param index of the event
 * @param digests new values by bank; banks not given keep theirs
 * @throws AssayError `log-event` when there is no such event, or it has no digest in a bank given
 */
export function withDigests(log: EventLog, index: number, digests: BootEvent['digests']): EventLog {
  const event = log.events[index];
  if (!event)
    throw new AssayError('log-event', `event ${index}`, `an event from 0 to ${log.events.length - 1}`, 'none');
  for (const [bank, digest] of Object.entries(digests))
    if (event.digests[bank as HashName]?.length !== digest.length)
      throw new AssayError('log-event', `event ${index}`, `a ${bank} digest of ${digest.length} bytes`, event.digests);
  const frame = {
    ...event.frame,
    digests: event.frame.digests.map(({ algorithm, digest }) => {
      const name = hashOfId(algorithm);
      return { algorithm, digest: (name && digests[name]) ?? digest };
    }),
  };
  return { ...log, events: log.events.with(index, readEvent(frame, index, event.offset, { left: mostReasons })) };
}
