// Is a software TPM enough? Anybody with root on the host can make it sign anything, so only where a policy says so.
import { finding } from '../../findings.ts';
import type { Rule } from '../rule.ts';

export const softwareTpm: Rule = {
  name: 'software-tpm',
  find({ endorsement, policy }) {
    if (!endorsement.software || policy.softwareTpmAccepted) return [];
    const seen = `a software TPM under ${endorsement.anchor}`;
    return [finding('software-tpm', 'EK certificate', 'a hardware TPM (no software TPM CA is configured)', seen)];
  },
};
