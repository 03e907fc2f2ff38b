// Bytes that come piece by piece, asked for in exact amounts: what archives are read from without being held in memory.
import { AssayError } from '@assay/core';

export type Pieces = AsyncIterable<Uint8Array>;

export class ByteSource {
  /** For errors: a file, or a part of one. */
  readonly where: string;
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #most: number;
  #rest: Uint8Array = new Uint8Array();
  #came = 0;
  #at = 0;

  /** @param most bytes that may come before it is refused as `archive-long` */
  constructor(pieces: Pieces, where: string, most = Number.MAX_SAFE_INTEGER) {
    this.where = where;
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#most = most;
  }

  /** The number of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** `FILE at byte 17`, to go to. */
  get place(): string {
    return `${this.where} at byte ${this.#at}`;
  }

  async ended(): Promise<boolean> {
    while (this.#rest.length === 0) if (!(await this.#more())) return true;
    return false;
  }

  /** Exactly `n` bytes, as they come. What is not asked for stays: go on with `pass`. @throws AssayError `archive-short` */
  async *pieces(n: number): AsyncGenerator<Uint8Array, void, void> {
    const end = this.#at + n;
    while (this.#at < end) {
      if (await this.ended())
        throw new AssayError('archive-short', this.place, `${end - this.#at} more bytes`, 'its end');
      const piece = this.#rest.subarray(0, end - this.#at);
      this.#rest = this.#rest.subarray(piece.length);
      this.#at += piece.length;
      yield piece;
    }
  }

  /** Exactly `n` bytes, in memory of their own or a view of what came. @throws AssayError `archive-short` */
  async take(n: number): Promise<Buffer> {
    if (this.#rest.length >= n) {
      const taken = this.#rest.subarray(0, n);
      this.#rest = this.#rest.subarray(n);
      this.#at += n;
      return Buffer.from(taken.buffer, taken.byteOffset, n);
    }
    return Buffer.concat(await Array.fromAsync(this.pieces(n))); // grows as bytes come: a length alone allocates nothing
  }

  /** The first of the next `n` bytes, which stay; fewer at the end. */
  async peek(n: number): Promise<Buffer> {
    while (this.#rest.length < n) {
      const before = this.#rest;
      this.#rest = new Uint8Array();
      if (!(await this.#more())) {
        this.#rest = before;
        break;
      }
      this.#rest = Buffer.concat([before, this.#rest]);
    }
    return Buffer.from(this.#rest.subarray(0, n));
  }

  async pass(n: number): Promise<void> {
    for await (const _ of this.pieces(n));
  }

  /** All there is. */
  async *rest(): AsyncGenerator<Uint8Array, void, void> {
    while (!(await this.ended())) yield* this.pieces(this.#rest.length);
  }

  /** Nothing more is wanted: what makes the bytes may end. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done) return false;
    this.#rest = value;
    this.#came += value.length;
    if (this.#came > this.#most)
      throw new AssayError('archive-long', this.where, `at most ${this.#most} bytes, unpacked`, 'more');
    return true;
  }
}
