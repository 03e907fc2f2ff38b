// Why does a finding not count? The policy names it, or names none and it is one of those that healthy machines cannot help, or nobody asks for what
// it is about.
import { allowedByDefault } from '@assay/appraisal';
import type { Finding, PolicyVersion, Verdict } from '@assay/protocol';

export type WhyAllowed = (finding: Finding, verdict: Verdict) => string;

/** @param policies those in force; the one that decided may be gone, and then nothing is said of its list */
export const whyAllowed =
  (policies: readonly PolicyVersion[]): WhyAllowed =>
  ({ code, component }, verdict) => {
    const policy = policies.find(
      ({ pool, version }) => pool === verdict.pool && version === verdict.policy_version,
    )?.document;
    const own = policy?.allowed_findings;
    if (own?.includes(code)) return 'allowed by the policy';
    if (policy && !own && (allowedByDefault as readonly string[]).includes(code)) return 'allowed by default';
    if (code.startsWith('tag-') && policy && !policy.tags) return 'not asked for by the policy';
    const result = verdict.components.find((one) => one.component === component);
    if (result?.demanded === false) return 'not asked for by the policy';
    return policy ? 'does not count' : 'allowed';
  };
