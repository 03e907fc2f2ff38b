// What does one line of a boot log say? The shape every reader of the log agrees on. All of it is claimed by the log:
// a digest counts once a quote vouches for its PCR, and data only where the digest is the hash of it.
import type { HashName } from '@assay/tpm/structures';
import type { ActionContent } from './events/action.ts';
import type { CompactHashContent } from './events/compact-hash.ts';
import type { FirmwareBlobContent } from './events/firmware-blob.ts';
import type { GptContent } from './events/gpt.ts';
import type { HandoffTablesContent } from './events/handoff-tables.ts';
import type { ImageContent } from './events/image.ts';
import type { IplContent } from './events/ipl.ts';
import type { NoActionContent } from './events/no-action.ts';
import type { SeparatorContent } from './events/separator.ts';
import type { SpdmContent } from './events/spdm.ts';
import type { TaggedContent } from './events/tagged.ts';
import type { VariableContent } from './events/variable.ts';
import type { VendorContent } from './events/vendor.ts';
import type { VersionContent } from './events/version.ts';

export type { HashName };

/** What the data of an event is about. `opaque`: a type nobody knows, kept as bytes. */
export type ContentByKind = {
  action: ActionContent;
  'compact-hash': CompactHashContent;
  'firmware-blob': FirmwareBlobContent;
  gpt: GptContent;
  'handoff-tables': HandoffTablesContent;
  image: ImageContent;
  ipl: IplContent;
  'no-action': NoActionContent;
  opaque: never;
  separator: SeparatorContent;
  spdm: SpdmContent;
  tagged: TaggedContent;
  variable: VariableContent;
  vendor: VendorContent;
  version: VersionContent;
};
export type EventKind = keyof ContentByKind;

/** As the event stands in the log: TCG_PCR_EVENT2, or TCG_PCClientPCREvent with its one SHA-1 digest. */
export type EventFrame = {
  pcr: number;
  type: number;
  digests: { algorithm: number; digest: Uint8Array }[];
  data: Uint8Array;
};

type OfKind<K extends EventKind> = {
  /** Number in the log, from 0; the Spec ID header counts. */
  index: number;
  /** Of its first byte in the log. */
  offset: number;
  /** 0–23 in a healthy log; any 32-bit number in a hostile one. */
  pcr: number;
  /** `EV_SEPARATOR`, or `0x…` for a number no specification names. */
  type: string;
  kind: K;
  /** By bank. A bank with two digests in one event has none here: it proves nothing. */
  digests: Partial<Record<HashName, Uint8Array>>;
  data: Uint8Array;
  /** `data`, read. Undefined when it could not be: see `problem`. */
  content: ContentByKind[K] | undefined;
  /** In words, on one line, safe to print. */
  description: string;
  /** What is wrong with this event, when something is. It was extended all the same. */
  problem: string | undefined;
  /** What writing needs. */
  frame: EventFrame;
};
export type EventOf<K extends EventKind> = { [Each in K]: OfKind<Each> }[K];
export type BootEvent = EventOf<EventKind>;

/** A bank the log has digests for, as its header declares. */
export type LogAlgorithm = { id: number; name: HashName | undefined; size: number };

export type EventLog = {
  /** `sha1`: the format before TPM 2.0 (TCG_PCClientPCREvent), which has SHA-1 digests alone. */
  format: 'crypto-agile' | 'sha1';
  algorithms: readonly LogAlgorithm[];
  events: readonly BootEvent[];
  /** The byte PCR 0 starts with: 0, or what the first StartupLocality event says. */
  startupLocality: number;
  /** Where and why reading ended before the end; what came before stands. */
  broken: { offset: number; code: string; message: string } | undefined;
  /** The bytes from there on. */
  rest: Uint8Array;
};
