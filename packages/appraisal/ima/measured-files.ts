// Which files did IMA measure? Those of a list, or of its parts one after the other, for whoever learns from them or explains them.
// Entries are as good as the list: proven where its part came out of `verifyEvidence` and nothing was wrong with it.
import { type ImaEntry, type ImaPart, imaPcr, readImaList } from '@assay/measurement';

export type MeasuredFile = {
  /** As IMA named it: a hint, no proof of where it stood. */
  path: string;
  /** As a reference value has it: `sha256`; of an fs-verity digest `verity:sha256`. */
  algorithm: string;
  /** Hex. */
  digest: string;
  /** Number of the entry in the whole list. */
  entry: number;
};

/** A part of a list, with what led to it. */
export type ReadPart = ImaPart & {
  /** Entries before it. */
  entries: number;
  /** PCR 10 before it, hex, by bank: whoever read on from elsewhere has another. */
  pcrs: Readonly<Record<string, string>>;
};

/**
 * boot_aggregate, buffers (keys, command lines, critical data), violations and entries of other PCRs are no files.
 * @param parts one behind the other, without a gap
 * @param entries before the first of them
 */
export function* measuredFiles(parts: Iterable<ImaPart>, entries = 0): Generator<MeasuredFile> {
  let before = entries;
  for (const { offset, bytes } of parts)
    for (const entry of readImaList(bytes, { offset, entries: before })) {
      before = entry.index + 1;
      const file = fileOf(entry);
      if (file) yield file;
    }
}

/** Undefined: the entry tells of no file, or of one whose content is not known. */
export function fileOf({ index, pcr, violation, fields }: ImaEntry): MeasuredFile | undefined {
  if (!fields || pcr !== imaPcr || violation || isBuffer(fields.buffer)) return undefined;
  const { path, digest } = fields;
  if (index === 0 && path === 'boot_aggregate') return undefined;
  const algorithm = digest.type === 'verity' ? `verity:${digest.algorithm}` : digest.algorithm;
  return { path, algorithm, digest: digest.value.toHex(), entry: index };
}

/** Where an IMA policy asks for ima-buf for files as well, the buffer is empty and the digest is the file's. */
const isBuffer = (buffer: Uint8Array | undefined) => buffer !== undefined && buffer.length > 0;
