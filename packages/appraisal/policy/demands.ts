// What a policy asks beyond evidence that is true: PCRs the quote has to cover, and a TPM of the kind it accepts, for which
// somebody still vouches.
import type { AssayError } from '@assay/core';
import { imaPcr } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import type { PcrSelection } from '@assay/tpm/structures';
import type { Endorsement } from '../endorsement/endorsement.ts';
import { finding, findingOf } from '../findings/finding.ts';
import type { Verified } from '../verify-evidence.ts';
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
  return [finding('software-tpm', 'EK certificate', 'a hardware TPM (the policy does not accept software TPMs)', seen)];
}

/** Is a cloud's virtual TPM enough? Where a policy says nothing, what the server accepts is. */
export function virtualTpm({ document }: Pick<Policy, 'document'>, endorsement: Endorsement): Finding[] {
  if (!endorsement.virtual || document.tpm?.virtual !== false) return [];
  return [
    finding('virtual-tpm', 'EK certificate', 'a TPM of the machine', `a virtual TPM under ${endorsement.anchor}`),
  ];
}

/**
 * Is it of a maker the policy names: by the TCG's id of it in the EK certificate (`INTC`), or by the subject of the CA its chain ended in? A
 * certificate's word is as good as the CA's that signed it, which the server accepts.
 */
export function acceptedVendor({ document }: Pick<Policy, 'document'>, { tpm, anchor }: Endorsement): Finding[] {
  const vendors = document.tpm?.vendors;
  if (!vendors || vendors.includes(anchor)) return [];
  const expected = `a TPM by ${vendors.join(' or ')}`;
  if (!tpm)
    return [finding('tpm-vendor-unknown', 'EK certificate', expected, `one by nobody knows whom, under ${anchor}`)];
  if (vendors.includes(tpm.manufacturer)) return [];
  return [finding('tpm-vendor', 'EK certificate', expected, `one by ${tpm.manufacturer}, under ${anchor}`)];
}

/** Does the host have an IMA list, where the policy asks for one? That it sends all of its list another check says. */
export function requiredIma(
  { document }: Pick<Policy, 'document'>,
  { state, unexplained, quote }: Verified,
): Finding[] {
  if (!document.ima?.required || state.ima) return [];
  const proven =
    quote.selection.some(({ pcrs }) => pcrs.includes(imaPcr)) && unexplained !== 'all' && !unexplained.has(imaPcr);
  // Else the list is not proven, or PCR 10 was not asked for, and a finding says so.
  return proven
    ? [
        finding('ima-required', 'PCR 10', 'a list of what IMA measured', 'zero: nothing was', {
          pcr: imaPcr,
          component: 'operating_system',
        }),
      ]
    : [];
}

/** Does what enrolment found of the TPM still hold? @param why what `recheckEndorsement` threw */
export const standingEndorsement = (why: AssayError | undefined): Finding[] => (why ? [findingOf(why)] : []);
