// What does PCR 10 of one bank become, entry by entry? Replays TPM2_PCR_Extend (Part 3, §22.2) the way each kind of kernel feeds it.
// Digests and values are latin1 strings, one character a byte: node:crypto gives and takes these several times faster than buffers.
import { hash } from 'node:crypto';
import { digestSize, type HashName, nodeHash } from '@assay/tpm/structures';

/**
 * What the kernel extends a bank with. `recomputed`: the hash of the template data in the bank's own algorithm, ones for a violation.
 * `padded`: the SHA-1 digest filled up with zeros, a violation's twenty ones too (before 5.8, or an algorithm it does not know).
 * `padded-but-violations`: that, but a violation is all ones (5.8 on, in a bank whose algorithm it could not load at start).
 */
export type ExtendMode = 'recomputed' | 'padded' | 'padded-but-violations';

export class PcrBank {
  readonly name: HashName;
  readonly mode: ExtendMode;
  private readonly algorithm: string;
  private readonly size: number;
  private readonly target: string;
  private readonly violation: string;
  private readonly filling: string;
  /** Value before, digest. */
  private readonly buffer: Buffer;
  private now: string;
  /** How many entries had been looked at when it stood at its target for the first time. */
  reached: number | undefined;

  /** @param value PCR before the first entry; `target` what it shall become */
  constructor(name: HashName, mode: ExtendMode, value: Uint8Array, target: Uint8Array) {
    this.name = name;
    this.mode = mode;
    this.algorithm = nodeHash(name);
    this.size = digestSize(name);
    this.filling = '\0'.repeat(this.size - 20);
    this.violation = mode === 'padded' ? '\xff'.repeat(20) + this.filling : '\xff'.repeat(this.size);
    this.target = latin1(target);
    this.buffer = Buffer.alloc(2 * this.size);
    this.buffer.set(value);
    this.now = latin1(value);
  }

  get atTarget(): boolean {
    return this.now === this.target;
  }

  get hex(): string {
    return Buffer.from(this.now, 'latin1').toString('hex');
  }

  /** The digest of an entry that is no violation. @param sha1 its template digest as the list has it; `hashed` what is hashed for it */
  digestOf(sha1: string, hashed: () => Uint8Array): string {
    if (this.name === 'sha1') return sha1;
    return this.mode === 'recomputed' ? hash(this.algorithm, hashed(), 'latin1') : sha1 + this.filling;
  }

  extend(digest: string): void {
    this.buffer.write(digest, this.size, 'latin1');
    this.now = hash(this.algorithm, this.buffer, 'latin1');
    this.buffer.write(this.now, 0, 'latin1');
  }

  extendViolation(): void {
    this.extend(this.violation);
  }

  /** Looks whether the target is reached. @param entries looked at so far */
  look(entries: number): void {
    if (this.reached === undefined && this.atTarget) this.reached = entries;
  }
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
