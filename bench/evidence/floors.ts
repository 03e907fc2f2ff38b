// Raw limits: the hashes that cannot be left out, and nothing else. (That of a quote is the check of its signature: quotes.ts.)
import { createHash, hash } from 'node:crypto';

/** As many extends of a SHA-256 PCR. */
export function extends256(count: number): void {
  const values = new Uint8Array(64);
  for (let i = 0; i < count; i++) createHash('sha256').update(values).digest();
}

/** IMA entries: the digest the list claims, that of the bank, the extend. @param hashed template data */
export function imaHashes(hashed: readonly Uint8Array[]): void {
  const value = Buffer.alloc(64);
  for (const data of hashed) {
    hash('sha1', data, 'latin1');
    value.write(hash('sha256', data, 'latin1'), 32, 'latin1');
    value.write(hash('sha256', value, 'latin1'), 0, 'latin1');
  }
}
