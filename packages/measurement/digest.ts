// The hash of some bytes in a bank.
import { createHash } from 'node:crypto';
import { type HashName, nodeHash } from '@assay/tpm/structures';

export const digestOf = (bank: HashName, data: Uint8Array): Buffer => createHash(nodeHash(bank)).update(data).digest();
