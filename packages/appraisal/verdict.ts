// Findings and comparisons put together: one trust, one reason, one result for each component, a time it holds.
import { type ComponentResult, components, type Finding, type Verdict } from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import { counting, weight } from './findings/finding.ts';
import type { Policy } from './policy/policy.ts';

/** A hostile log has as many findings as it has events. */
const mostFindings = 50;

type Times = {
  host: string;
  policy: Pick<Policy, 'verdictLifetimeS'>;
  now: Date;
  endorsement: Endorsement | undefined;
};
type Rest = Pick<Verdict, 'findings' | 'components'> &
  Partial<Pick<Verdict, 'ak_name' | 'evidence_sha256' | 'reset_count' | 'restart_count'>>;

/** Trusted only when there is no finding that counts and every component is known good. */
export function verdictOf({ host, policy, now, endorsement }: Times, rest: Rest): Verdict {
  const software = endorsement?.software ?? false;
  const counts = counting(rest.findings);
  const bad = counts.find((one) => weight(one) === 'untrusted') ?? counts[0];
  const doubted = rest.components.find(({ trust }) => trust !== 'trusted');
  const trusted = !bad && !doubted && rest.components.length === components.length;
  const virtual = endorsement?.virtual ?? false;
  const label = software ? '; vouched for by a software TPM' : virtual ? '; vouched for by a cloud’s virtual TPM' : '';
  const good = `all measurements are known good${label}`;
  return {
    host,
    trust: trusted ? 'trusted' : bad ? weight(bad) : 'unknown',
    reason: trusted ? good : bad ? reasonOf(bad, counts.length) : (doubted?.reason ?? 'nothing was appraised'),
    software_tpm: software,
    ...(virtual ? { virtual_tpm: true } : {}),
    verified_at: now.toISOString(),
    expires_at: new Date(now.getTime() + policy.verdictLifetimeS * 1000).toISOString(),
    ...rest,
    findings: [...counts, ...rest.findings.filter(({ allowed }) => allowed)].slice(0, mostFindings),
  };
}

const reasonOf = ({ message }: Finding, count: number) =>
  count > 1 ? `${message} (and ${count - 1} more finding${count > 2 ? 's' : ''})` : message;

/** Every component alike. */
export const allComponents = (trust: ComponentResult['trust'], reason: string): ComponentResult[] =>
  components.map((component) => ({ component, trust, reason }));

/**
 * The verdict on a host of which nothing is known now: not enrolled, no answer, TPM failure. Always `unknown`.
 * @param why `code` is the finding's (`no-answer`), `message` one line
 */
export function unknownVerdict(input: Times & { why: { code: string; message: string } }): Verdict {
  const { code, message } = input.why;
  const components = allComponents('unknown', message);
  return { ...verdictOf(input, { findings: [{ code, message }], components }), trust: 'unknown' };
}
