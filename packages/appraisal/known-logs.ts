// Which boot logs were read before? The same log comes from a host in every round of a boot, and its reading depends on nothing else.
// Named by their SHA-256, which whoever puts one here has taken itself: no host can make another host's log mean something else.
import { createHash } from 'node:crypto';
import { parseEventLog } from '@assay/measurement';
import type { PcrSelection } from '@assay/tpm/structures';
import { type LogReading, readLog } from './log-reading.ts';

/** What an event of a log counts for beside its own bytes: it is read into objects, however short it is. */
const eventBytes = 200;

type Known = { reading: LogReading; size: number };

export class KnownLogs {
  readonly #most: number;
  /** The least recently used first. */
  readonly #known = new Map<string, Known>();
  #size = 0;

  /** @param maxLogBytes of the logs themselves and 200 more for each event, all together; a reading takes up to six times as much */
  constructor(maxLogBytes: number) {
    this.#most = maxLogBytes;
  }

  /** @param sha256 hex, of the log */
  recall(sha256: string, selection: PcrSelection): LogReading | undefined {
    const name = nameOf(sha256, selection);
    const known = this.#known.get(name);
    if (!known) return undefined;
    this.#known.delete(name);
    this.#known.set(name, known);
    return known.reading;
  }

  /** Reads a log, unless it is known. */
  read(log: Uint8Array, sha256: string, selection: PcrSelection): LogReading {
    const known = this.recall(sha256, selection);
    if (known) return known;
    // A copy: the bytes of a reading are views into the log, which may be part of something larger.
    const reading = readLog(parseEventLog(Uint8Array.from(log)), selection);
    const size = log.length + eventBytes * reading.log.events.length;
    this.#known.set(nameOf(sha256, selection), { reading, size });
    this.#size += size;
    for (const [name, old] of this.#known) {
      if (this.#size <= this.#most) break;
      this.#known.delete(name);
      this.#size -= old.size;
    }
    return reading;
  }
}

const nameOf = (sha256: string, selection: PcrSelection) =>
  `${sha256} ${selection.map(({ hash, pcrs }) => `${hash}:${pcrs.join()}`).join('+')}`;

/** Hex. */
export const logDigest = (log: Uint8Array): string => createHash('sha256').update(log).digest('hex');
