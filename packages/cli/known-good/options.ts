// What may an operator say of values that are read? As the commands have it; what is not said is taken from what is read.
import type { Readable } from 'node:stream';

/** Goes into each value. */
export type Said = {
  component?: string | undefined;
  vendor?: string | undefined;
  name?: string | undefined;
  version?: string | undefined;
};

export type FilesOptions = Said & {
  /** What measures the file: its digest becomes a measurement of this claim, whatever the file is. */
  claim?: string | undefined;
  /** Hears what was not taken of a folder. */
  leaveOut?: ((one: LeftOut) => void) | undefined;
};

/** A file that a folder has, and nothing becomes of. */
export type LeftOut = { path: string; why: string };

export type ListOptions = FilesOptions & {
  /** Read when the path is `-`. */
  stdin?: Readable | undefined;
};

export type PackageOptions = Said & {
  /** False: only what a boot measures, no allow list of files. */
  files?: boolean | undefined;
  /** Only the allow list. */
  filesOnly?: boolean | undefined;
  /** All regular files, not only those that are run, loaded or mapped: for rules of IMA that measure what is read. */
  everyFile?: boolean | undefined;
};

export type TreeOptions = Said & {
  /** The folder that is `/` on the hosts. Absent: `/` of this machine. */
  root?: string | undefined;
};
