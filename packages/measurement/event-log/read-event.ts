// What does one event say, as far as its type is known and its data makes sense? Its data is read when somebody asks for it:
// most of a log is only extended and compared.
import { AssayError } from '@assay/core';
import { hashOfId } from './algorithm.ts';
import type { BootEvent, EventFrame, HashName } from './event.ts';
import { aloud, type EventType, silently } from './event-type.ts';
import { eventType } from './events/catalogue.ts';
import { labelText } from './label-text.ts';

/** How many malformed events of a log are still told apart in words: nobody reads more, and words cost more than bytes. */
export type Reasons = { left: number };
export const mostReasons = 256;

/**
 * @param offset of its first byte in the log
 * @param reasons of its log
 */
export const readEvent = (frame: EventFrame, index: number, offset: number, reasons: Reasons): BootEvent =>
  new ReadEvent(frame, index, offset, reasons) as unknown as BootEvent;

/** As BootEvent has it, whose members say what they are. */
class ReadEvent {
  readonly index: number;
  readonly offset: number;
  readonly pcr: number;
  readonly type: string;
  readonly kind: BootEvent['kind'];
  readonly digests: BootEvent['digests'];
  readonly data: Uint8Array;
  readonly frame: EventFrame;
  readonly #type: EventType;
  readonly #twice: string | undefined;
  #read = false;
  #content: unknown;
  #problem: string | undefined;
  #malformed = false;
  readonly #reasons: Reasons;

  constructor(frame: EventFrame, index: number, offset: number, reasons: Reasons) {
    this.#reasons = reasons;
    this.#type = eventType(frame.type);
    this.index = index;
    this.offset = offset;
    this.pcr = frame.pcr;
    this.type = this.#type.name;
    this.kind = this.#type.kind;
    this.data = frame.data;
    this.frame = frame;
    const digests: BootEvent['digests'] = {};
    let twice: Set<HashName> | undefined;
    for (const { algorithm, digest } of frame.digests) {
      const name = hashOfId(algorithm);
      if (!name) continue;
      if (digests[name]) twice = (twice ?? new Set()).add(name);
      digests[name] = digest;
    }
    for (const name of twice ?? []) delete digests[name];
    this.digests = digests;
    this.#twice = twice && `two digests of ${[...twice].join(' and ')}`;
  }

  get content(): unknown {
    if (!this.#read) this.#readData();
    return this.#content;
  }

  get problem(): string | undefined {
    if (!this.#read) this.#readData();
    if (this.#malformed) this.#problem ??= this.#reason();
    return this.#twice ?? this.#problem;
  }

  get description(): string {
    const { content } = this;
    const describe = this.#type.describe as ((of: unknown) => string) | undefined;
    if (content === undefined || !describe) return `${this.data.length} bytes`;
    return labelText(describe(content));
  }

  #readData(): void {
    this.#read = true;
    const { read, doubt } = this.#type;
    if (!read) return;
    try {
      this.#content = read(this.data, silently);
      this.#problem = (doubt as ((of: unknown) => string | undefined) | undefined)?.(this.#content);
    } catch (error) {
      if (error instanceof Error && !(error instanceof AssayError)) throw error;
      this.#malformed = true;
    }
  }

  /** Reads once more, to say what is wrong. */
  #reason(): string {
    if (this.#reasons.left-- <= 0) return `malformed data of ${this.type}, as in many events of this log`;
    try {
      this.#type.read?.(this.data, aloud);
    } catch (error) {
      if (error instanceof AssayError) return error.message;
      throw error;
    }
    return 'malformed';
  }
}
