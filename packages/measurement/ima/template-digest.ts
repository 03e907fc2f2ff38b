// What does the kernel hash of an entry (ima_crypto.c, ima_calc_field_array_hash_tfm)? The template data as it stands in the list;
// of the template `ima` the digest and the name filled up with zeros to 256 bytes, without its length.
import type { ImaFrames } from './frame.ts';

const nameSize = 256;

/** The bytes whose hash is the template digest, in whichever bank: mostly a view, no copy. */
export function hashedBytes({ bytes, legacy, data, end }: ImaFrames): Buffer {
  if (!legacy) return bytes.subarray(data, end);
  const hashed = Buffer.alloc(20 + nameSize);
  bytes.copy(hashed, 0, data, data + 20);
  bytes.copy(hashed, 20, data + 24, Math.min(end, data + 24 + nameSize));
  return hashed;
}
