// Which PCRs of which banks are meant (TPML_PCR_SELECTION), and the digest a quote has over their values.
// A digest that agrees proves equal values, not good ones.
import { hash as hashOf } from 'node:crypto';
import { AssayError, type Codec, list, sized, struct, u8 } from '@assay/core';
import { HashAlg, type HashName, nodeHash } from './algorithms.ts';

const sizedBitmap = sized(4, u8);

/**
 * PCR numbers, ascending, without repetition (TPMS_PCR_SELECT, Part 2, §10.6.1). Three bytes, as PC Client TPMs have 24 PCRs;
 * a fourth only where it says something, so that a selection has one form and no other.
 */
export const PcrBitmap: Codec<number[]> = {
  read(c, where) {
    const at = c.at;
    const bitmap = sizedBitmap.read(c, where);
    if (bitmap.length < 3 || bitmap[3] === 0)
      throw new AssayError('wire-value', `${where} at byte ${at}`, '3 bytes, or 4 with a PCR in the last', bitmap);
    const pcrs: number[] = [];
    for (let pcr = 0; pcr < bitmap.length * 8; pcr++)
      if (((bitmap[pcr >> 3] as number) >> (pcr & 7)) & 1) pcrs.push(pcr);
    return pcrs;
  },
  write(out, pcrs) {
    const bitmap = new Uint8Array(pcrs.some((pcr) => pcr > 23) ? 4 : 3);
    for (const pcr of pcrs) {
      if (!Number.isInteger(pcr) || pcr < 0 || pcr > 31)
        throw new AssayError('tpm-pcr', 'PCR selection', 'a PCR from 0 to 31', pcr);
      bitmap[pcr >> 3] = (bitmap[pcr >> 3] ?? 0) | (1 << (pcr & 7));
    }
    sizedBitmap.write(out, bitmap);
  },
};
/** TPML_PCR_SELECTION (Part 2, §10.9.7): banks in the order they were asked for. The same bank may come twice. */
export const PcrSelection: Codec<PcrSelection> = list(struct({ hash: HashAlg, pcrs: PcrBitmap }), 16);
export type PcrSelection = { hash: HashName; pcrs: number[] }[];

/** PCR values by bank, then by index. What is absent was not read. */
export type PcrBanks = { [H in HashName]?: ReadonlyMap<number, Uint8Array> };

/**
 * TPMS_QUOTE_INFO.pcrDigest: the hash over the selected values, bank after bank, PCR numbers ascending (Part 3, §18.4).
 * @param hash that of the signing scheme of the key that quotes
 * @throws AssayError `tpm-pcr-absent` when a selected value is not in `values`
 */
export function pcrDigest(selection: PcrSelection, values: PcrBanks, hash: HashName): Uint8Array {
  const selected: Uint8Array[] = [];
  for (const { hash: bank, pcrs } of selection)
    for (const pcr of isAscending(pcrs) ? pcrs : [...new Set(pcrs)].sort((a, b) => a - b)) {
      const value = values[bank]?.get(pcr);
      if (!value) throw new AssayError('tpm-pcr-absent', `PCR ${pcr} of bank ${bank}`, 'a value', 'none');
      selected.push(value);
    }
  // Hashed at once and as text: node:crypto takes a third of the time it needs for updates and a digest as bytes.
  return Buffer.from(hashOf(nodeHash(hash), Buffer.concat(selected)), 'hex');
}

const isAscending = (pcrs: readonly number[]) => pcrs.every((pcr, i) => i === 0 || (pcrs[i - 1] as number) < pcr);
