// What is remembered of the files that a host's IMA list names, from one round to the next: plain JSON, of bounded size, one for each policy.
import type { ImaState } from '@assay/measurement';

export type FileCode = 'ima-file-unknown' | 'ima-file-changed' | 'ima-file-retired';

/** A file that is not known to be good. */
export type BadFile = {
  code: FileCode;
  path: string;
  algorithm: string;
  /** Hex. */
  digest: string;
  /** Number of the entry in the whole list. */
  entry: number;
  /** What is known of it, in words: digests of this path, paths of this digest. */
  expected: string;
  /** Of a retired one: the value it is in. */
  value?: string;
};

export type FilesState = {
  /** Names the allow list and the rules by which these files were judged; with others all have to be judged again. */
  basis: string;
  /** What of the list was judged. */
  list: Pick<ImaState, 'offset' | 'entries' | 'pcrs'>;
  /** Entries that name files, by what came of them. */
  counts: { listed: number; signed: number; excluded: number; bad: number };
  /** The first that are not good, each once: `counts.bad` says how many there are. */
  bad: readonly BadFile[];
  /** Ids of the values that files are good by: 200 at most. */
  values: readonly string[];
};
