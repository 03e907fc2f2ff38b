// Is this digest the hash of these bytes? Digests are compared as text, a character a byte: node:crypto returns that several
// times faster than bytes.
import { hash } from 'node:crypto';
import { type HashName, nodeHash } from '@assay/tpm/structures';
import { latin1 } from './uefi/primitives.ts';

/** The hash of `data` in a bank, a character a byte. */
export const digestText = (bank: HashName, data: Uint8Array): string => hash(nodeHash(bank), data, 'latin1');

export const isDigestOf = (bank: HashName, digest: Uint8Array, data: Uint8Array): boolean =>
  latin1(digest) === digestText(bank, data);
