// Where does each entry of a binary run-time list begin and end? (security/integrity/ima/ima_fs.c, ima_measurements_show) Reads frames
// only, in place: what an entry means is for template.ts, whether it is true for replay.ts. Little-endian, as x86 and ARM hosts write it.
import type { ImaCut } from './list.ts';

const digestSize = 20;

/** Goes from entry to entry without allocating: its fields describe the one `next` stopped at. Positions are in `bytes`. */
export class ImaFrames {
  readonly bytes: Buffer;
  /** First byte of this entry, and first one after it. */
  start = 0;
  end: number;
  pcr = 0;
  digest = 0;
  name = 0;
  nameEnd = 0;
  data = 0;
  /** The template is `ima`, whose data has no length of its own. */
  legacy = false;
  /** Why no entry follows although bytes do; `offset` counts in `bytes`. */
  cut: ImaCut | undefined;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = at;
  }

  /** To the next entry; false at the end, and where the rest is no whole entry (`cut`). */
  next(): boolean {
    const { bytes } = this;
    const start = this.end;
    const left = bytes.length - start;
    if (left === 0 || this.cut) return false;
    if (left < 4 + digestSize + 4) return this.stop(start, `an entry's head has ${28} bytes, ${left} are left`);
    const nameLength = u32(bytes, start + 24);
    if (nameLength > left - 28)
      return this.stop(start, `a template name of ${nameLength} bytes, ${left - 28} are left`);
    const nameEnd = start + 28 + nameLength;
    let data = nameEnd;
    let dataLength: number;
    const legacy = isLegacy(bytes, start + 28, nameLength);
    if (legacy) {
      // A SHA-1 digest, the length of the name, the name.
      if (bytes.length - data < digestSize + 4)
        return this.stop(
          start,
          `data of template ima has ${digestSize + 4} bytes and more, ${bytes.length - data} are left`,
        );
      dataLength = digestSize + 4 + u32(bytes, data + digestSize);
    } else {
      if (bytes.length - data < 4) return this.stop(start, 'no room for the length of the template data');
      dataLength = u32(bytes, data);
      data += 4;
    }
    if (dataLength > bytes.length - data)
      return this.stop(start, `template data of ${dataLength} bytes, ${bytes.length - data} are left`);
    this.start = start;
    this.legacy = legacy;
    this.pcr = u32(bytes, start);
    this.digest = start + 4;
    this.name = start + 28;
    this.nameEnd = nameEnd;
    this.data = data;
    this.end = data + dataLength;
    return true;
  }

  private stop(offset: number, reason: string): false {
    this.cut = { offset, reason };
    return false;
  }

  /** Template digest all zero: the kernel's mark of a violation. */
  isViolation(): boolean {
    for (let at = this.digest; at < this.digest + digestSize; at++) if (this.bytes[at] !== 0) return false;
    return true;
  }
}

const byte = (bytes: Buffer, at: number) => bytes[at] as number; // inside: the caller has looked

/** Little-endian; the caller has looked that four bytes are there. */
export const u32 = (bytes: Buffer, at: number): number =>
  (byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16)) + byte(bytes, at + 3) * 0x1000000;

const isLegacy = (bytes: Buffer, at: number, length: number) =>
  length === 3 && bytes[at] === 0x69 && bytes[at + 1] === 0x6d && bytes[at + 2] === 0x61;
