// Which logs is a host asked for? The boot log, unless it is the one that is kept of it; IMA's list from what its last rounds have
// proven on, as long as its TPM was not started anew since.
import { imaOffset } from '@assay/appraisal';
import { imaPcr } from '@assay/measurement';
import type { Challenge, PcrWish } from '@assay/protocol';
import type { LeftBehind } from '../storage/enrolments.ts';

export type LogsWish = Pick<Challenge, 'event_log_sha256' | 'ima_offset' | 'ima_since'>;

export function logsWish(pcrs: readonly PcrWish[], { state, bootLog }: LeftBehind): LogsWish {
  const log = bootLog === undefined ? {} : { event_log_sha256: bootLog };
  // A PCR that is not asked for proves no list.
  if (!pcrs.some((wish) => wish.pcrs.includes(imaPcr))) return log;
  const offset = imaOffset(state?.ima, pcrs);
  if (!state || offset === 0) return { ...log, ima_offset: 0 };
  const { reset_count, restart_count } = state.tpm;
  return { ...log, ima_offset: offset, ima_since: { reset_count, restart_count } };
}
