// Where does each entry of a binary run-time list begin and end? (security/integrity/ima/ima_fs.c, ima_measurements_show) Reads frames
// only, in place: what an entry means is for template.ts, whether it is true for replay.ts. Little-endian, as x86 and ARM hosts write it.
import type { ImaCut } from './list.ts';

const digestSize = 20;
const headSize = 4 + digestSize + 4;
const legacyTemplate = 'ima';
const legacyNameSize = 256;

/** Goes from entry to entry without allocating: its fields describe the one `next` stopped at. Positions are in `bytes`. */
export class ImaFrames {
  readonly bytes: Buffer;
  /** First byte of this entry, and first one after it. */
  start = 0;
  end: number;
  pcr = 0;
  /** Template digest, 20 bytes. */
  digest = 0;
  name = 0;
  nameEnd = 0;
  data = 0;
  /** The template is `ima`, whose data has no length of its own. */
  legacy = false;
  /** Why no entry follows although bytes do; `offset` counts in `bytes`. */
  cut: ImaCut | undefined;
  private hashedHere: Buffer | undefined;
  /** For one entry at a time: an allocation each would cost more than its hash. */
  private legacyBuffer: Buffer | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = 0;
  }

  /** To the next entry; false at the end, and where the rest is no whole entry (`cut`). */
  next(): boolean {
    const { bytes } = this;
    const start = this.end;
    const left = bytes.length - start;
    if (left === 0 || this.cut) return false;
    if (left < headSize) return this.stop(start, `an entry begins with ${headSize} bytes, ${left} are left`);
    const nameLength = u32(bytes, start + headSize - 4);
    if (nameLength > left - headSize)
      return this.stop(start, `a template name of ${nameLength} bytes, ${left - headSize} are left`);
    const nameEnd = start + headSize + nameLength;
    const legacy = spells(bytes, start + headSize, nameEnd, legacyTemplate);
    // A digest, the length of the name, the name; of the other templates the length of all data.
    const data = legacy ? nameEnd : nameEnd + 4;
    const length = legacy ? nameEnd + digestSize : nameEnd;
    if (length + 4 > bytes.length) return this.stop(start, 'it ends before the length of its data');
    const dataLength = u32(bytes, length) + (legacy ? digestSize + 4 : 0);
    if (dataLength > bytes.length - data)
      return this.stop(start, `template data of ${dataLength} bytes, ${bytes.length - data} are left`);
    this.start = start;
    this.pcr = u32(bytes, start);
    this.digest = start + 4;
    this.name = start + headSize;
    this.nameEnd = nameEnd;
    this.data = data;
    this.legacy = legacy;
    this.end = data + dataLength;
    this.hashedHere = undefined;
    return true;
  }

  private stop(offset: number, reason: string): false {
    this.cut = { offset, reason };
    return false;
  }

  /** Template digest as the list has it, one character a byte. */
  get sha1(): string {
    return this.bytes.toString('latin1', this.digest, this.digest + digestSize);
  }

  /** Template digest all zero: the kernel's mark of a violation. */
  get violation(): boolean {
    for (let at = this.digest; at < this.digest + digestSize; at++) if (this.bytes[at] !== 0) return false;
    return true;
  }

  /**
   * What the kernel hashes for the template digest, in whichever bank (ima_crypto.c, ima_calc_field_array_hash_tfm): the data as the list
   * has it, a view; of `ima`, until the next entry, the digest and the name filled up with zeros to 256 bytes, without its length.
   */
  get hashed(): Buffer {
    this.hashedHere ??= this.legacy ? this.legacyHashed() : this.bytes.subarray(this.data, this.end);
    return this.hashedHere;
  }

  private legacyHashed(): Buffer {
    this.legacyBuffer ??= Buffer.alloc(digestSize + legacyNameSize);
    const hashed = this.legacyBuffer;
    const name = this.data + digestSize + 4;
    const length = Math.min(this.end - name, legacyNameSize);
    this.bytes.copy(hashed, 0, this.data, this.data + digestSize);
    this.bytes.copy(hashed, digestSize, name, name + length);
    return hashed.fill(0, digestSize + length);
  }
}

const byte = (bytes: Buffer, at: number) => bytes[at] as number; // inside: the caller has looked

/** Little-endian; the caller has looked that four bytes are there. */
export const u32 = (bytes: Buffer, at: number): number =>
  (byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16)) + byte(bytes, at + 3) * 0x1000000;

/** Whether these bytes are this text, one byte a character. Short texts only: it is the loop that makes no string. */
export function spells(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
