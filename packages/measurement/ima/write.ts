// What would a kernel write into IMA's list, and extend PCR 10 by, for this file? In the template ima-ng with SHA-256: for labs, whose hosts
// have a software TPM and no kernel of their own.
import { hash } from 'node:crypto';
import { AssayError, bytes, encode, sized, struct, u32le } from '@assay/core';
import { digestSize, type HashName, nodeHash } from '@assay/tpm/structures';
import { imaPcr } from './read.ts';

/** `linux/limits.h`, PATH_MAX, with the NUL. */
const longestPath = 4096;

const Entry = struct({
  pcr: u32le,
  digest: bytes(20),
  template: sized(255, u32le),
  data: sized(2 * longestPath, u32le),
});
const Data = struct({ digest: sized(100, u32le), name: sized(longestPath, u32le) });

export type WrittenImaEntry = {
  /** As it stands in the list. */
  bytes: Uint8Array;
  /** Template data: what is hashed. The kernel measures nothing twice that has the same. */
  data: Uint8Array;
};

/**
 * @param path as the host sees it; `boot_aggregate` for the first entry of a list
 * @param digest SHA-256 of the file
 * @throws AssayError `ima-path`, `ima-digest`
 */
export function writeImaEntry({ path, digest }: { path: string; digest: Uint8Array }): WrittenImaEntry {
  const name = Buffer.from(`${path}\0`);
  if (path === '' || path.includes('\0') || name.length > longestPath)
    throw new AssayError('ima-path', 'path of a measured file', `1 to ${longestPath - 1} bytes without a zero`, path);
  if (digest.length !== digestSize('sha256'))
    throw new AssayError('ima-digest', `digest of ${path}`, 'a SHA-256', `${digest.length} bytes`);
  const data = encode(Data, { digest: Buffer.concat([Buffer.from('sha256:\0'), digest]), name });
  const entry = { pcr: imaPcr, digest: hash('sha1', data, 'buffer'), template: Buffer.from('ima-ng'), data };
  return { bytes: encode(Entry, entry), data };
}

/** What the kernel (5.8 and later) extends PCR 10 of this bank by. */
export const imaExtension = ({ data }: WrittenImaEntry, bank: HashName): Uint8Array =>
  hash(nodeHash(bank), data, 'buffer');
