// A package that is open: what it says of itself, and its files as they come.
import type { ArchiveEntry } from './entry.ts';

export type OpenPackage = {
  name: string;
  version: string;
  vendor: string | undefined;
  entries: AsyncIterable<ArchiveEntry>;
  /** SHA-256 of files by path, hex, where the package says them. */
  digests?: ReadonlyMap<string, string>;
  /** Passes what stands behind the files. @throws AssayError when the package ends early */
  end(): Promise<void>;
};
