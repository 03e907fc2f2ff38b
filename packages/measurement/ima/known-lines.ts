// Has this very entry been looked at before, on whichever host? A bounded memory of entries that nothing was strange about, with what
// they extend a bank with. All their bytes are compared, so that no host can make another host's entry mean something else.
import { randomInt } from 'node:crypto';
import { digestSize, type HashName } from '@assay/tpm/structures';

const longestEntry = 4096;
const smallestStore = 16 * 1024;
/** Looked at for one entry, hit or not: what a host could gain by entries that fall into the same place. */
const probes = 16;

/** Two generations: when the younger one is full it becomes the older one, and what was not used since then is forgotten. */
export class KnownImaLines {
  private readonly half: number;
  private young = new Map<HashName, Generation>();
  private old = new Map<HashName, Generation>();

  /** @param maxBytes about what it may take of memory for each bank; 0: it remembers nothing */
  constructor(maxBytes: number) {
    this.half = Math.min(maxBytes / 2, 2 ** 30);
  }

  /**
   * Writes what a known entry extends this bank with to `digest`; false when it is not known.
   * @param bytes of a list, the entry from `start` to `end`, its template digest from `start` + 4
   */
  recall(bank: HashName, bytes: Buffer, start: number, end: number, digest: Buffer): boolean {
    if (this.young.get(bank)?.recall(bytes, start, end, digest)) return true;
    if (!this.old.get(bank)?.recall(bytes, start, end, digest)) return false;
    this.remember(bank, bytes, start, end, digest);
    return true;
  }

  /** To be called only for an entry without problems. */
  remember(bank: HashName, bytes: Buffer, start: number, end: number, digest: Buffer): void {
    if (end - start > longestEntry || this.half < 2 * smallestStore) return;
    let generation = this.young.get(bank);
    if (!generation) {
      generation = new Generation(this.half, digestSize(bank));
      this.young.set(bank, generation);
    }
    if (generation.remember(bytes, start, end, digest)) return;
    this.old.set(bank, generation);
    this.young.delete(bank);
  }
}

/** A hash table over one buffer, in which entries stand one behind the other: length, entry, digest. Nothing is ever removed from it. */
class Generation {
  private readonly max: number;
  private readonly digestSize: number;
  private readonly seeds = [randomInt(2 ** 31), randomInt(2 ** 31)] as const;
  /** Where an entry stands in `store`, plus one; 0: free. */
  private slots = new Int32Array(1024);
  private count = 0;
  private store = Buffer.allocUnsafeSlow(smallestStore);
  private used = 0;

  constructor(max: number, digestSize: number) {
    this.max = max;
    this.digestSize = digestSize;
  }

  recall(bytes: Buffer, start: number, end: number, digest: Buffer): boolean {
    const { store, slots, digestSize } = this;
    const mask = slots.length - 1;
    const length = end - start;
    let slot = this.slotOf(bytes, start);
    for (let i = 0; i < probes; i++, slot = (slot + 1) & mask) {
      const at = slots[slot] as number;
      if (at === 0) return false;
      if (lengthAt(store, at - 1) !== length || !sameBytes(store, at + 1, bytes, start, length)) continue;
      for (let j = 0; j < digestSize; j++) digest[j] = store[at + 1 + length + j] as number;
      return true;
    }
    return false;
  }

  /** False when it is full. */
  remember(bytes: Buffer, start: number, end: number, digest: Buffer): boolean {
    const length = end - start;
    const size = 2 + length + this.digestSize;
    if (this.used + size > this.store.length || 2 * this.count > this.slots.length) {
      if (!this.grow(size)) return false;
    }
    if (!this.place(this.slotOf(bytes, start), this.used + 1)) return true; // its place is crowded: it stays unknown
    const { store } = this;
    store[this.used] = length & 0xff;
    store[this.used + 1] = length >>> 8;
    bytes.copy(store, this.used + 2, start, end);
    for (let j = 0; j < this.digestSize; j++) store[this.used + 2 + length + j] = digest[j] as number;
    this.used += size;
    this.count += 1;
    return true;
  }

  private place(slot: number, at: number): boolean {
    const mask = this.slots.length - 1;
    for (let i = 0; i < probes; i++, slot = (slot + 1) & mask) {
      if (this.slots[slot] !== 0) continue;
      this.slots[slot] = at;
      return true;
    }
    return false;
  }

  /** Doubles what is too small. */
  private grow(size: number): boolean {
    if (this.used + size > this.store.length) {
      const next = 2 * this.store.length;
      if (next + 4 * this.slots.length > this.max) return false;
      const store = Buffer.allocUnsafeSlow(next);
      this.store.copy(store, 0, 0, this.used);
      this.store = store;
    }
    if (2 * this.count > this.slots.length) {
      if (this.store.length + 8 * this.slots.length > this.max) return false;
      this.slots = new Int32Array(2 * this.slots.length);
      for (let at = 0; at < this.used; at += 2 + lengthAt(this.store, at) + this.digestSize)
        this.place(this.slotOf(this.store, at + 2), at + 1);
    }
    return true;
  }

  /** From the template digest, which is one of SHA-1, and from secrets: nobody chooses where an entry falls. */
  private slotOf(bytes: Buffer, start: number): number {
    const [first, second] = this.seeds;
    const mixed =
      Math.imul(word(bytes, start + 4) ^ first, 0x9e3779b1) ^ Math.imul(word(bytes, start + 8) ^ second, 0x85ebca77);
    return (mixed ^ (mixed >>> 15)) & (this.slots.length - 1);
  }
}

const word = (bytes: Buffer, at: number) =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24);
const lengthAt = (store: Buffer, at: number) => (store[at] as number) | ((store[at + 1] as number) << 8);

/** Backwards: lists share their beginnings, paths and digests differ. */
function sameBytes(a: Buffer, atA: number, b: Buffer, atB: number, length: number): boolean {
  for (let i = length - 1; i >= 0; i--) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}
