// How much of what somebody else made is read before it is refused? A package may be anything, so nothing in it is believed.

const mebibyte = 1 << 20;

export const limits = {
  /** Of a package or a file as it lies there, in bytes. */
  input: 2048 * mebibyte,
  /** Of a list. */
  list: 256 * mebibyte,
  /** Of a kernel, an initrd or an EFI application within a package, which is held in memory. */
  image: 512 * mebibyte,
  /** Of what a package unpacks to: that much at least may come of the smallest. */
  unpacked: 64 * mebibyte,
  /** Times its own size; real packages stay below 20. */
  ratio: 100,
  /** Files, folders and links in a package or a tree. */
  entries: 1_000_000,
  /** Bytes of a path, as Linux has it. */
  path: 4096,
  /** Characters of a vendor, a name, a version. */
  words: 255,
  /** Files in one value, measurements in one value: as the schema has it. */
  filesInValue: 200_000,
  measurementsInValue: 8192,
} as const;
