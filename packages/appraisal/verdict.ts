// Findings and comparisons put together: one trust, one reason, one result for each component, a time it holds.
import { type ComponentResult, componentName, components, type Finding, type Verdict } from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import { counting, weight } from './findings/finding.ts';
import type { Policy } from './policy/policy.ts';

/** A hostile log has as many findings as it has events. */
const mostFindings = 50;

/** As much of a policy as any verdict has: without one, its pool alone. */
export type VerdictPolicy = Pick<Policy, 'pool' | 'verdictLifetimeS'> &
  Partial<Pick<Policy, 'version' | 'knownGood' | 'document'>>;

type Times = {
  host: string;
  policy: VerdictPolicy;
  /** Of what is known good and of the policies. */
  revision?: number | undefined;
  now: Date;
  endorsement: Endorsement | undefined;
};
type Rest = Pick<Verdict, 'findings' | 'components'> &
  Partial<Pick<Verdict, 'tags' | 'ak_name' | 'evidence_sha256' | 'reset_count' | 'restart_count'>>;

/** Trusted only when there is no finding that counts and every component is known good. */
export function verdictOf({ host, policy, revision, now, endorsement }: Times, rest: Rest): Verdict {
  const software = endorsement?.software ?? false;
  const counts = counting(rest.findings);
  const bad = counts.find((one) => weight(one) === 'untrusted') ?? counts[0];
  const demanded = policy.knownGood ?? components;
  const good = new Set(rest.components.flatMap(({ component, trust }) => (trust === 'trusted' ? [component] : [])));
  const doubted = rest.components.find(({ component, trust }) => trust !== 'trusted' && demanded.includes(component));
  const trusted = !bad && demanded.length > 0 && demanded.every((component) => good.has(component));
  const virtual = endorsement?.virtual ?? false;
  const label = software ? '; vouched for by a software TPM' : virtual ? '; vouched for by a cloud’s virtual TPM' : '';
  return {
    host,
    pool: policy.pool,
    ...(policy.version !== undefined && { policy_version: policy.version }),
    ...(revision !== undefined && { revision }),
    trust: trusted ? 'trusted' : bad ? weight(bad) : 'unknown',
    reason: trusted
      ? `${goodText(demanded)}${label}`
      : bad
        ? reasonOf(bad, counts.length)
        : (doubted?.reason ?? 'nothing was appraised'),
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

/** `all measurements are known good`, `firmware and hypervisor are known good: no more is asked for` */
function goodText(demanded: readonly string[]): string {
  const isAll = components.every((component) => demanded.includes(component));
  const others = demanded
    .filter((one) => !isAll || !(components as readonly string[]).includes(one))
    .map(componentName);
  const named = [...(isAll ? ['all measurements'] : []), ...others];
  const last = named.at(-1) ?? '';
  const list = named.length > 1 ? `${named.slice(0, -1).join(', ')} and ${last}` : last;
  return `${list} ${named.length > 1 || isAll ? 'are' : 'is'} known good${isAll ? '' : ': no more is asked for'}`;
}

/** Every component alike, the policy's extras after the four. */
export function allComponents(
  trust: ComponentResult['trust'],
  reason: string,
  { knownGood = [], document }: Pick<VerdictPolicy, 'knownGood' | 'document'> = {},
): ComponentResult[] {
  const extras = document?.extras ?? [];
  const isAsked = (component: string) => knownGood.length === 0 || knownGood.includes(component);
  return [...components, ...extras.map(({ name }) => name)].map((component) => ({
    component,
    trust,
    reason,
    ...(isAsked(component) ? {} : { demanded: false }),
  }));
}

/**
 * The verdict on a host of which nothing is known now: not enrolled, no answer, TPM failure. Always `unknown`.
 * @param why `code` is the finding's (`no-answer`), `message` one line
 */
export function unknownVerdict(input: Times & { why: { code: string; message: string } }): Verdict {
  const { code, message } = input.why;
  const components = allComponents('unknown', message, input.policy);
  return { ...verdictOf(input, { findings: [{ code, message }], components }), trust: 'unknown' };
}
