// What does this boot log say, event by event? Lenient: an event that makes no sense is kept as bytes with the reason,
// and only a broken frame ends reading. Says nothing of truth: see replay.ts for what a quote can then confirm.
import { createHash } from 'node:crypto';
import { AssayError, type Codec, decode, escaped } from '@assay/core';
import { type HashName, nodeHash } from '@assay/tpm/structures';
import { hashOfId } from './algorithm.ts';
import type { BootEvent, EventFrame, EventLog, LogAlgorithm } from './event.ts';
import type { EventType } from './event-type.ts';
import { eventType } from './events/catalogue.ts';
import { agileFrame, algorithmsOf, LegacyFrame, SpecIdEvent, specIdSignature } from './frame.ts';

const noActionNumber = 0x0000_0003;
const sha1Only: LogAlgorithm[] = [{ id: 0x0004, name: 'sha1', size: 20 }];

/**
 * @param bytes a whole log as the kernel gives it (`binary_bios_measurements`); views into it are kept
 * @returns never fails: see `broken` for where reading had to end
 */
export function parseEventLog(bytes: Uint8Array): EventLog {
  const events: BootEvent[] = [];
  const c = { bytes, at: 0 };
  let format: EventLog['format'] = 'sha1';
  let algorithms = sha1Only;
  let frame: Codec<EventFrame> = LegacyFrame;
  let broken: EventLog['broken'];
  let good = 0;
  try {
    while (c.at < bytes.length) {
      const read = frame.read(c, `event ${events.length}`);
      if (events.length === 0 && isHeader(read)) {
        format = 'crypto-agile';
        algorithms = algorithmsOf(decode(SpecIdEvent, read.data, 'TCG_EfiSpecIDEvent').algorithms);
        frame = agileFrame(algorithms);
      }
      events.push(readEvent(read, events.length, good));
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

/** What an event's frame says, as far as its type is known and its data makes sense. */
export function readEvent(frame: EventFrame, index: number, offset: number): BootEvent {
  const type = eventType(frame.type);
  const digests: BootEvent['digests'] = {};
  const twice = new Set<HashName>();
  for (const { algorithm, digest } of frame.digests) {
    const name = hashOfId(algorithm);
    if (name && digests[name]) twice.add(name);
    if (name) digests[name] = digest;
  }
  for (const name of twice) delete digests[name];
  const { content, problem } = readContent(type, frame.data);
  const described = content === undefined ? undefined : (type.describe as (of: unknown) => string)(content);
  return {
    index,
    offset,
    pcr: frame.pcr,
    type: type.name,
    kind: type.kind,
    digests,
    data: frame.data,
    content,
    description: escaped(described ?? `${frame.data.length} bytes`),
    problem: twice.size ? `two digests of ${[...twice].join(' and ')}` : problem,
    frame,
  } as BootEvent;
}

function readContent(type: EventType, data: Uint8Array): { content: unknown; problem: string | undefined } {
  if (!type.read) return { content: undefined, problem: undefined };
  try {
    return { content: type.read(data), problem: undefined };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { content: undefined, problem: error.message };
  }
}

/** PFP §10.4.5.3: recorded in PCR 0's part of the log before anything extends it. */
function startupLocality(events: readonly BootEvent[]): number {
  for (const event of events) {
    if (event.kind !== 'no-action') {
      if (event.pcr === 0) return 0;
    } else if (event.pcr === 0 && event.content?.signature === 'startup-locality') return event.content.locality;
  }
  return 0;
}

/**
 * Whether the digest of this event is the hash of its data, so that a quote over the digest vouches for the data too.
 * @returns undefined when the digest is of something outside the log, or the data could not be read
 */
export function dataVouchedFor(event: BootEvent, bank: HashName): boolean | undefined {
  const { covers } = eventType(event.frame.type);
  if (!covers || event.content === undefined) return undefined;
  const covered = (covers as (content: unknown, data: Uint8Array) => readonly Uint8Array[])(event.content, event.data);
  if (covered.length === 0) return undefined;
  const digest = event.digests[bank];
  if (!digest) return false;
  return covered.some((part) => createHash(nodeHash(bank)).update(part).digest().equals(digest));
}
