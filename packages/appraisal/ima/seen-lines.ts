// What came of this entry when another host had it? A bounded memory by all that an entry says: most hosts of a fleet run the same files.

/** Characters, one a byte; two generations of it: the older one is forgotten when the younger is full. */
const mostText = 16 * 1024 * 1024;
/** What a line costs beside its text. */
const lineCost = 64;
const longestLine = 4096;

export class SeenLines<T> {
  readonly #half: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #size = 0;

  /** @param most characters that are kept, about */
  constructor(most = mostText) {
    this.#half = most / 2;
  }

  recall(line: string): T | undefined {
    const found = this.#young.get(line);
    if (found !== undefined) return found;
    const old = this.#old.get(line);
    if (old !== undefined) this.remember(line, old);
    return old;
  }

  remember(line: string, value: T): void {
    if (line.length > longestLine) return;
    this.#young.set(line, value);
    this.#size += line.length + lineCost;
    if (this.#size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }
}
