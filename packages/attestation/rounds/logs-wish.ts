// Which logs is a host asked for? The boot log, unless it is the one that is kept of it; IMA's list from what its last rounds have
// proven on, as long as its TPM was not started anew since, and all of it when its files are to be judged and what was read is not kept.
import { imaOffset } from '@assay/appraisal';
import { imaPcr } from '@assay/measurement';
import type { Challenge, PcrWish } from '@assay/protocol';
import type { Membership } from '../standards/standards.ts';
import { leftBehind } from '../storage/enrolments.ts';
import { imaListLength, longestList } from '../storage/ima-parts.ts';
import type { Db } from '../storage/schema.ts';

export type LogsWish = Pick<Challenge, 'event_log_sha256' | 'ima_offset' | 'ima_since'>;

export async function logsWish(
  db: Db,
  host: string,
  pcrs: readonly PcrWish[],
  memberships: readonly Membership[],
): Promise<LogsWish> {
  const { state, bootLog } = await leftBehind(db, host);
  const log = bootLog === undefined ? {} : { event_log_sha256: bootLog };
  // A PCR that is not asked for proves no list.
  if (!pcrs.some((wish) => wish.pcrs.includes(imaPcr))) return log;
  const offset = imaOffset(state?.ima, pcrs);
  if (!state || offset === 0) return { ...log, ima_offset: 0 };
  const judged = memberships.some(({ policy }) => policy?.document.ima?.files);
  // One that is too long to be kept would be asked for in every round, and never be kept.
  if (judged && offset <= longestList && (await imaListLength(db, host)) < offset) return { ...log, ima_offset: 0 };
  const { reset_count, restart_count } = state.tpm;
  return { ...log, ima_offset: offset, ima_since: { reset_count, restart_count } };
}
