// Keys made from a seed as TPMs make them: KDFa (SP 800-108 in counter mode) and KDFe (SP 800-56A) of Part 1, §11.4.10.
import { createHash, createHmac } from 'node:crypto';
import { encode, u32 } from '@assay/core';
import { type HashName, nodeHash } from '../structures/algorithms.ts';

const terminated = (label: string) => Buffer.from(`${label}\0`, 'latin1');

const blocks = (bits: number, block: (counter: Uint8Array) => Uint8Array): Uint8Array => {
  const size = bits / 8;
  const parts: Uint8Array[] = [];
  for (let counter = 1, done = 0; done < size; counter++) {
    const part = block(encode(u32, counter));
    parts.push(part);
    done += part.length;
  }
  return Buffer.concat(parts).subarray(0, size);
};

/** @param bits length of the result, a multiple of 8 */
export const kdfA = (
  hash: HashName,
  key: Uint8Array,
  label: string,
  contextU: Uint8Array,
  contextV: Uint8Array,
  bits: number,
): Uint8Array =>
  blocks(bits, (counter) =>
    createHmac(nodeHash(hash), key)
      .update(counter)
      .update(terminated(label))
      .update(contextU)
      .update(contextV)
      .update(encode(u32, bits))
      .digest(),
  );

/** @param z x-coordinate of the shared point, padded to the field; the party infos likewise */
export const kdfE = (
  hash: HashName,
  z: Uint8Array,
  label: string,
  partyU: Uint8Array,
  partyV: Uint8Array,
  bits: number,
): Uint8Array =>
  blocks(bits, (counter) =>
    createHash(nodeHash(hash))
      .update(counter)
      .update(z)
      .update(terminated(label))
      .update(partyU)
      .update(partyV)
      .digest(),
  );
