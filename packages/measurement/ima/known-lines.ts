// Has this very entry been looked at before, on whichever host? A bounded memory of entries that nothing was strange about.
// Its key is the whole entry, template digest included, so that no host can make another host's entry mean something else.
import type { HashName } from '@assay/tpm/structures';

/** What each bank is extended with for an entry, one character a byte (latin1). Filled in as banks are asked for. */
export type KnownLine = Partial<Record<HashName, string>>;

/** Of an entry that is remembered, in bytes. */
export const longestLine = 4096;
/** What an entry costs beside its bytes: two map slots, two objects and a digest. */
const overhead = 256;

/** Two generations: when the younger one is full it becomes the older one, and what was not used since then is forgotten. */
export class KnownImaLines {
  private readonly half: number;
  private young = new Map<string, KnownLine>();
  private old = new Map<string, KnownLine>();
  private youngBytes = 0;

  /** @param maxBytes about what it may hold in memory; 0: it remembers nothing */
  constructor(maxBytes: number) {
    this.half = maxBytes / 2;
  }

  /** Entries held. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  /** @param key the entry's bytes in latin1 */
  get(key: string): KnownLine | undefined {
    const line = this.young.get(key);
    if (line) return line;
    const older = this.old.get(key);
    if (older) this.set(key, older);
    return older;
  }

  set(key: string, line: KnownLine): void {
    const cost = key.length + overhead;
    if (key.length > longestLine || cost > this.half) return;
    if (this.youngBytes + cost > this.half) {
      this.old = this.young;
      this.young = new Map();
      this.youngBytes = 0;
    }
    this.young.set(key, line);
    this.youngBytes += cost;
  }
}
