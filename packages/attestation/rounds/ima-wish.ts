// From where is a host asked for IMA's list? From what its last rounds have proven, as long as its TPM was not started anew since.
import { type EvidenceState, imaOffset } from '@assay/appraisal';
import { imaPcr } from '@assay/measurement';
import type { Challenge, PcrWish } from '@assay/protocol';

export function imaWish(
  pcrs: readonly PcrWish[],
  state: EvidenceState | undefined,
): Pick<Challenge, 'ima_offset' | 'ima_since'> {
  // A PCR that is not asked for proves no list.
  if (!pcrs.some((wish) => wish.pcrs.includes(imaPcr))) return {};
  const offset = imaOffset(state?.ima);
  if (!state || offset === 0) return { ima_offset: 0 };
  const { reset_count, restart_count } = state.tpm;
  return { ima_offset: offset, ima_since: { reset_count, restart_count } };
}
