// Does the list belong to this boot? Its first entry, boot_aggregate, is a hash over the boot PCRs as the kernel found them
// (ima_crypto.c, ima_calc_boot_aggregate_tfm). Equal proves that the list began over these PCR values, and nothing of its other entries.
import { createHash } from 'node:crypto';
import { type HashName, hashNames, nodeHash } from '@assay/tpm/structures';
import type { PcrValues } from '../replay.ts';
import type { ImaEntry } from './list.ts';
import { bootAggregateName } from './template.ts';

/**
 * Hash in `bank` over PCRs 0–9 of that bank, or 0–7: all kernels in the SHA-1 bank, and older ones in others. Undefined when one of
 * these PCRs is not in `pcrs`.
 */
export function bootAggregateOf(
  pcrs: PcrValues,
  bank: HashName,
  last: 7 | 9 = bank === 'sha1' ? 7 : 9,
): Uint8Array | undefined {
  const hash = createHash(nodeHash(bank));
  for (let pcr = 0; pcr <= last; pcr++) {
    const value = pcrs.get(pcr);
    if (!value) return undefined;
    hash.update(value);
  }
  return hash.digest();
}

/** `absent`: entry 0 is something else. `no-bank`: it is over a bank of which not all PCR values are there. `no-tpm`: the kernel found no TPM. */
export type BootAggregate =
  | { result: 'equal' | 'differs'; bank: HashName; expected: Uint8Array; got: Uint8Array }
  | { result: 'absent' }
  | { result: 'no-tpm' | 'no-bank'; algorithm: string; got: Uint8Array };

/** @param entry number 0 of the list, undefined of an empty one; `pcrs` 0–9 that a quote proves, by bank */
export function checkBootAggregate(
  entry: ImaEntry | undefined,
  pcrs: Readonly<Partial<Record<HashName, PcrValues>>>,
): BootAggregate {
  const digest = entry?.fields?.digest;
  if (!digest || entry.index !== 0 || entry.violation || entry.fields?.path !== bootAggregateName)
    return { result: 'absent' };
  const { algorithm, value: got } = digest;
  const bank = hashNames.find((name) => nodeHash(name) === algorithm);
  const values = bank && pcrs[bank];
  const expected = values && bootAggregateOf(values, bank);
  // The template `ima` has room for SHA-1 alone: zeros, too, where a TPM has no such bank (ima_template_lib.c, ima_eventdigest_init).
  if (got.every((byte) => byte === 0) && (expected || entry.template !== 'ima'))
    return { result: 'no-tpm', algorithm, got };
  if (!expected) return { result: 'no-bank', algorithm, got };
  const older = bootAggregateOf(values, bank, 7) ?? expected;
  const equal = Buffer.compare(expected, got) === 0 || Buffer.compare(older, got) === 0;
  return { result: equal ? 'equal' : 'differs', bank, expected, got };
}
