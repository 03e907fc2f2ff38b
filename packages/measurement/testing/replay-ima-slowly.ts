// A second reader of run-time lists, slow and plain, from the documented format and the declarations of @assay/core: what it says and
// what ima/ says must be the same on every list, also on mangled ones.
import { createHash } from 'node:crypto';
import { AssayError, bytes, type Cursor, sized, struct, u32le } from '@assay/core';
import { digestSize, type HashName, nodeHash } from '@assay/tpm/structures';

const Head = struct({ pcr: u32le, digest: bytes(20), template: sized(2 ** 32, u32le) });
const Data = sized(2 ** 32, u32le);
const LegacyData = struct({ digest: bytes(20), name: sized(2 ** 32, u32le) });

export type SlowEntry = {
  pcr: number;
  template: string;
  violation: boolean;
  /** The template digest is the SHA-1 of what is hashed. */
  digestHolds: boolean;
  /** PCR 10 after this entry, hex. */
  value: string;
};

/** Every whole entry of a list, with PCR 10 of one bank after it. */
export function replayImaSlowly(
  list: Uint8Array,
  bank: HashName,
  how: 'recomputed' | 'padded' = 'recomputed',
): SlowEntry[] {
  const hash = (name: string, ...parts: Uint8Array[]) =>
    parts.reduce((sum, part) => sum.update(part), createHash(name)).digest();
  const size = digestSize(bank);
  const fill = (digest: Uint8Array) => Buffer.concat([digest, Buffer.alloc(size - digest.length)]);
  const cursor: Cursor = { bytes: list, at: 0 };
  const entries: SlowEntry[] = [];
  let value: Buffer = Buffer.alloc(size);
  try {
    while (cursor.at < list.length) {
      const { pcr, digest, template: name } = Head.read(cursor, 'entry');
      const template = Buffer.from(name).toString('latin1');
      const hashed = template === 'ima' ? legacyHashed(cursor) : Data.read(cursor, 'data');
      const violation = digest.every((byte) => byte === 0);
      if (pcr === 10) {
        const first = how === 'padded' ? 20 : size;
        const own = how === 'padded' || bank === 'sha1' ? digest : hash(nodeHash(bank), hashed);
        value = hash(nodeHash(bank), value, fill(violation ? Buffer.alloc(first, 0xff) : own));
      }
      const digestHolds = hash('sha1', hashed).equals(digest);
      entries.push({ pcr, template, violation, digestHolds, value: value.toString('hex') });
    }
  } catch (error) {
    if (!(error instanceof AssayError)) throw error; // the rest is no whole entry
  }
  return entries;
}

function legacyHashed(cursor: Cursor): Uint8Array {
  const { digest, name } = LegacyData.read(cursor, 'data');
  const filled = Buffer.alloc(256);
  Buffer.from(name).copy(filled);
  return Buffer.concat([digest, filled]);
}
