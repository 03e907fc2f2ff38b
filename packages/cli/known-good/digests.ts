// Digests of bytes that come piece by piece; and, where they are wanted, the bytes.
import { createHash } from 'node:crypto';
import type { Pieces } from './archive/byte-source.ts';

/** Hex. */
export type Digests = { sha256: string; sha384: string };

export type Digested = {
  digests: Digests;
  size: number;
  /** The first bytes, by which the kind of a file is told. */
  head: Buffer;
};

const headBytes = 1024;

export async function digested(content: Pieces): Promise<Digested> {
  const [sha256, sha384] = [createHash('sha256'), createHash('sha384')];
  let head = Buffer.alloc(0);
  let size = 0;
  for await (const piece of content) {
    sha256.update(piece);
    sha384.update(piece);
    if (head.length < headBytes) head = Buffer.concat([head, piece.subarray(0, headBytes - head.length)]);
    size += piece.length;
  }
  return { digests: { sha256: sha256.digest('hex'), sha384: sha384.digest('hex') }, size, head };
}

export const digestsOf = (bytes: Uint8Array): Digests => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sha384: createHash('sha384').update(bytes).digest('hex'),
});
