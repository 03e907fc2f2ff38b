// Random numbers that come again with the same seed (sfc32, by C. Doty-Humphrey): for fuzzing, never for secrets.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** @param seed 0 to 2^32 - 1 */
  constructor(seed: number) {
    [this.#a, this.#b, this.#c] = [0x9e3779b9, seed >>> 0, 0x243f6a88];
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 0 to 2^32 - 1 */
  next(): number {
    const sum = (this.#a + this.#b + this.#count++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 to `n` - 1; 0 when `n` is 0. */
  below(n: number): number {
    return n > 0 ? this.next() % n : 0;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.next() >>> 24);
  }
}
