// What has to be said of an event type to read it: its number and name, how its data is laid out and put in words,
// and what its digest is the hash of. A new type is one of these in events/ and a line in events/catalogue.ts; one whose data
// is like no other's has a line in event.ts too, by which the compiler knows its content.
import { type Codec, decode, unsaid } from '@assay/core';
import type { ContentByKind, EventKind } from './event.ts';

export type EventType<K extends EventKind = EventKind> = {
  [Each in K]: {
    number: number;
    name: string;
    kind: Each;
    /** Throws what core's codecs throw when the data is malformed: the event is then kept as bytes, with the reason. */
    read?: (data: Uint8Array, say: Say) => ContentByKind[Each];
    /** What is wrong with a part of content that could be read as a whole. */
    doubt?: (content: ContentByKind[Each]) => string | undefined;
    /** In words; need not be safe to print, whoever calls it sees to that. */
    describe?: (content: ContentByKind[Each]) => string;
    /** The bytes the digest may be the hash of. Absent or empty: of something outside the log, such as an image. */
    covers?: (content: ContentByKind[Each], data: Uint8Array) => readonly Uint8Array[];
    /** Bytes the digest is the hash of in some logs. Where it is, it vouches for them; where not, nothing is contradicted. */
    mayCover?: (content: ContentByKind[Each], data: Uint8Array) => readonly Uint8Array[];
  };
}[K];

/**
 * Gives the place of a structure, for errors. A log is read in silence first (see `unsaid` in core): a hostile one has tens of
 * thousands of malformed events, and only who asks for a reason gets it in words.
 */
export type Say = (structure: string) => string;
export const aloud: Say = (structure) => structure;
export const silently: Say = () => unsaid;

/** Reads event data that is exactly one structure. */
export const reads =
  <T>(codec: Codec<T>, structure: string) =>
  (data: Uint8Array, say: Say): T =>
    decode(codec, data, say(structure));

/** A digest over all of the event's data, as most types have it. */
export const allOfData = (_content: unknown, data: Uint8Array): readonly Uint8Array[] => [data];
