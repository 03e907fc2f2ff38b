// What does a policy ask of a host beyond measurements that are known good, and is it so? All its rules but those on IMA's files, and on what
// has to be known good.
import type { Finding } from '@assay/protocol';
import type { Endorsement } from '../endorsement/endorsement.ts';
import type { Verified } from '../verify-evidence.ts';
import { commandLineFindings } from './command-line.ts';
import { acceptedVendor, quotedPcrs, requiredIma, softwareTpm, virtualTpm } from './demands.ts';
import type { Policy } from './policy.ts';
import { secureBootFindings } from './secure-boot-rule.ts';

/** None of them allowed yet. */
export const policyFindings = (policy: Policy, verification: Verified, endorsement: Endorsement): Finding[] => [
  ...quotedPcrs(policy, verification.quote.selection),
  ...softwareTpm(policy, endorsement),
  ...virtualTpm(policy, endorsement),
  ...acceptedVendor(policy, endorsement),
  ...secureBootFindings(policy, verification),
  ...commandLineFindings(policy, verification),
  ...requiredIma(policy, verification),
];
