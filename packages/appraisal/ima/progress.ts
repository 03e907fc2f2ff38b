// What is remembered of a host's IMA list from one round to the next: plain JSON, forgotten when its TPM was reset or restarted.
import type { ImaState } from '@assay/measurement';
import type { Finding } from '@assay/protocol';

export type ImaProgress = {
  /** Where reading stands. Proven by a quote unless `unfinished`. */
  list: ImaState;
  /** What was wrong with entries read so far, the first of each kind: it stays wrong until the next boot. */
  findings: Finding[];
  /** How many rounds in a row the list did not lead to the quote. */
  misses: number;
  /** End of the whole entries the last round saw behind what it proved: the next has to prove them. */
  tailEnd: number;
  /** Read, and not proven yet: the list is longer than one round sends. */
  unfinished?: true;
};

/** Where the next round reads on. */
export const imaOffset = (progress: ImaProgress | undefined): number => progress?.list.offset ?? 0;
