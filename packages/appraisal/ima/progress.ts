// What is remembered of a host's IMA list from one round to the next: plain JSON, forgotten when its TPM was reset or restarted.
import { type ImaState, imaPcr } from '@assay/measurement';
import type { Finding, PcrWish } from '@assay/protocol';

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

/** Where the next round reads on: at 0 when a bank is wanted in which nothing was read. */
export function imaOffset(progress: ImaProgress | undefined, wanted: readonly PcrWish[]): number {
  const banks = wanted.filter(({ pcrs }) => pcrs.includes(imaPcr)).map(({ bank }) => bank);
  return progress && banks.every((bank) => progress.list.pcrs[bank] !== undefined) ? progress.list.offset : 0;
}
