// What a policy asks beyond evidence that is true: PCRs the quote has to cover, and a TPM of the kind it accepts, for which
// somebody still vouches.
import type { AssayError } from '@assay/core';
import type { Finding } from '@assay/protocol';
import type { PcrSelection } from '@assay/tpm/structures';
import type { Endorsement } from '../endorsement/endorsement.ts';
import { finding, findingOf } from '../findings/finding.ts';
import type { Policy } from './policy.ts';

/** Does the quote cover every PCR the policy rests on? */
export const quotedPcrs = ({ pcrs: wanted }: Pick<Policy, 'pcrs'>, selection: PcrSelection): Finding[] =>
  wanted.flatMap(({ bank, pcrs }) => {
    const quoted = selection.find(({ hash }) => hash === bank)?.pcrs ?? [];
    const missing = pcrs.filter((pcr) => !quoted.includes(pcr));
    if (missing.length === 0) return [];
    const [expected, seen] = [`${bank} PCR ${pcrs.join(', ')}`, `a challenge without PCR ${missing.join(', ')}`];
    return [finding('policy-pcrs-not-quoted', 'policy', expected, seen)];
  });

/** Is a software TPM enough? Anybody with root on the host can make it sign anything, so only where a policy says so. */
export function softwareTpm(
  { softwareTpmAccepted }: Pick<Policy, 'softwareTpmAccepted'>,
  endorsement: Endorsement,
): Finding[] {
  if (!endorsement.software || softwareTpmAccepted) return [];
  const seen = `a software TPM under ${endorsement.anchor}`;
  return [finding('software-tpm', 'EK certificate', 'a hardware TPM (no software TPM CA is configured)', seen)];
}

/** Does what enrolment found of the TPM still hold? @param why what `recheckEndorsement` threw */
export const standingEndorsement = (why: AssayError | undefined): Finding[] => (why ? [findingOf(why)] : []);
