// A line of a list, whatever its format.
import { AssayError } from '@assay/core';

export type ListRow = {
  /** Hex, by algorithm. */
  digests: Record<string, string>;
  /** The file, or whatever the list calls it. */
  path?: string | undefined;
  claim?: string | undefined;
  component?: string | undefined;
  description?: string | undefined;
  /** `FILE line 3`. */
  place: string;
};

/** By length in hex digits. */
const algorithms: Readonly<Record<number, string>> = { 64: 'sha256', 96: 'sha384', 128: 'sha512' };

/** @param said the algorithm, when the list names it  @throws AssayError `list-line` */
export function digestOf(text: string, place: string, said?: string): Record<string, string> {
  const algorithm = algorithms[text.length]; // first: what is long is no digest, and dear to look at
  if (!algorithm || !/^[0-9a-f]+$/i.test(text) || (said !== undefined && said !== algorithm))
    throw new AssayError('list-line', place, `a digest of ${said ?? 'sha256, sha384 or sha512'} in hex`, text);
  return { [algorithm]: text.toLowerCase() };
}
