// What does PCR 10 of one bank become, entry by entry? Replays TPM2_PCR_Extend (Part 3, §22.2) the way each kind of kernel feeds it.
// Hashes are taken as latin1 text, one character a byte: node:crypto returns bytes several times slower.
import { hash } from 'node:crypto';
import { digestSize, type HashName, nodeHash } from '@assay/tpm/structures';
import type { ImaFrames } from './frame.ts';

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
  /** The value before, and what it is extended with. */
  private readonly buffer: Buffer;
  readonly digest: Buffer;
  private now: string;
  /** Whether it has ever stood at its target. */
  reached = false;

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
    this.digest = this.buffer.subarray(this.size);
    this.now = latin1(value);
  }

  /** This bank, standing where it does, fed in another way from here on. */
  as(mode: ExtendMode): PcrBank {
    const other = new PcrBank(this.name, mode, this.buffer.subarray(0, this.size), Buffer.from(this.target, 'latin1'));
    other.reached = this.reached;
    return other;
  }

  get hex(): string {
    return Buffer.from(this.now, 'latin1').toString('hex');
  }

  /** Puts what the entry at which `frames` stands extends this bank with into `digest`. */
  take(frames: ImaFrames): void {
    this.digest.write(this.digestOf(frames), 0, 'latin1');
  }

  /** By what stands in `digest`. */
  extend(): void {
    this.now = hash(this.algorithm, this.buffer, 'latin1');
    this.buffer.write(this.now, 0, 'latin1');
  }

  private digestOf(frames: ImaFrames): string {
    if (frames.violation) return this.violation;
    if (this.name === 'sha1') return frames.sha1;
    return this.mode === 'recomputed' ? hash(this.algorithm, frames.hashed, 'latin1') : frames.sha1 + this.filling;
  }

  /** Whether it stands at its target. */
  look(): boolean {
    const there = this.now === this.target;
    if (there) this.reached = true;
    return there;
  }
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
