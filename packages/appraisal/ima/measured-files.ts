// Which files did IMA measure? Those of a list, or of its parts one after the other, for whoever learns from them or explains them.
// Entries are as good as the list: proven where its part came out of `verifyEvidence` and nothing was wrong with it.
import { hash } from 'node:crypto';
import { type ImaEntry, type ImaFields, type ImaPart, imaPcr, readImaList } from '@assay/measurement';

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
  if (!fields || pcr !== imaPcr || violation || isBuffer(fields)) return undefined;
  const { path, digest } = fields;
  if (index === 0 && path === 'boot_aggregate') return undefined;
  const algorithm = digest.type === 'verity' ? `verity:${digest.algorithm}` : digest.algorithm;
  return { path, algorithm, digest: digest.value.toHex(), entry: index };
}

/** Paths are shorter (PATH_MAX): an entry with a longer name no kernel wrote. In characters, each a byte or more. */
export const longestPath = 4096;

/** With less, somebody can make two contents of one digest. As the kernel and OpenSSL call them. */
export const strongHashes: readonly string[] = ['sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512'];

/**
 * What the kernel measures that is no file, by the names it gives: keyrings of its own, the command line of a kexec, keys and hashes that are
 * refused, critical data (SELinux, device mapper, its version, kexec). Paths begin with a slash.
 */
const bufferName =
  /^(?:\.[\w.-]+|kexec-cmdline|blacklisted-hash|selinux-(?:state|policy-hash)|dm_[a-z_]+|kernel_version|kexec_(?:load|execute))$/;
/** Of what is measured as its hash, the first byte may be any. */
const hashed = 'selinux-policy-hash';
/** With these the kernel begins what it writes of security.ima: of a file with such a signature it may be (EVM_IMA_XATTR_DIGSIG and others). */
const signatureTypes: readonly unknown[] = [3, 5, 6];

/**
 * The template's name is not hashed: an entry of a file, with its signature, can be sent as one of a buffer. A buffer is what the kernel calls
 * so, what does not look like a signature, and what its digest is the hash of. Where an IMA policy asks for ima-buf for files as well, the
 * buffer is empty and the digest is the file's.
 */
function isBuffer({ path, digest: { algorithm, value }, buffer }: ImaFields): boolean {
  if (!buffer?.length || !bufferName.test(path)) return false;
  if (path !== hashed && signatureTypes.includes(buffer[0])) return false;
  return strongHashes.includes(algorithm) && hash(algorithm, buffer, 'buffer').equals(value);
}
