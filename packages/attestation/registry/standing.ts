// Does a stored verdict still hold at this instant? Evaluated where it is read: no timer turns trust on or off, so a process
// that was stopped, a machine that slept and a clock set back cannot keep a host trusted.
import { type Component, components, type Verdict } from '@assay/protocol';
import type { StoredVerdicts } from '../storage/verdicts.ts';

/** The two clocks at one instant. */
export type Instant = { readonly now: Date; readonly uptimeMs: number; readonly bootId: string };

export type Standing = {
  /** As valid now. */
  readonly verdict: Verdict;
  /** Milliseconds since it was given, never negative. */
  readonly ageMs: number;
  /** Until when it may be used: its expiry, or sooner where the wall clock was set back since. */
  readonly usableUntil: Date;
};

export function standing(
  verdict: Verdict,
  { uptimeMs, bootId }: Pick<StoredVerdicts, 'uptimeMs' | 'bootId'>,
  at: Instant,
): Standing {
  const { verifiedAt, expiresAt } = timesOf(verdict);
  const lifetimeMs = expiresAt - verifiedAt;
  const wallAgeMs = at.now.getTime() - verifiedAt;
  // Uptimes of two boots say nothing about each other. Then the wall clock alone decides, in both directions: a verdict
  // from the future means that it was set back.
  const sameBoot = bootId === at.bootId;
  const ageMs = sameBoot ? at.uptimeMs - uptimeMs : wallAgeMs;
  const holds = wallAgeMs < lifetimeMs && ageMs >= 0 && ageMs < lifetimeMs;
  const usableUntil = new Date(Math.min(expiresAt, at.now.getTime() + lifetimeMs - ageMs));
  // Without a policy there is nothing to expire: such a verdict is `unknown` from the beginning, and says why.
  const never = lifetimeMs === 0 && verdict.trust === 'unknown';
  return { verdict: holds || never ? verdict : expired(verdict), ageMs: Math.max(0, ageMs), usableUntil };
}

/** Read once a verdict: PollHosts reads ten thousand of them at a time. */
const times = new WeakMap<Verdict, { verifiedAt: number; expiresAt: number }>();
export function timesOf(verdict: Verdict): { verifiedAt: number; expiresAt: number } {
  let known = times.get(verdict);
  if (!known) {
    known = { verifiedAt: Date.parse(verdict.verified_at), expiresAt: Date.parse(verdict.expires_at) };
    times.set(verdict, known);
  }
  return known;
}

function expired(verdict: Verdict): Verdict {
  const reason = `verdict expired at ${verdict.expires_at}`;
  const { tags: _, ...rest } = verdict;
  return {
    ...rest,
    trust: 'unknown',
    reason,
    components: verdict.components.map(({ component }) => ({ component, trust: 'unknown', reason })),
    findings: [{ code: 'verdict-expired', message: `${reason}; it was ${verdict.trust}: ${verdict.reason}` }],
  };
}

/** What is said of a host on which there is no verdict. It may be used for nothing but this answer: it expires at once. */
export function noVerdict(
  { host, pool }: { host: string; pool: string },
  code: string,
  reason: string,
  now: Date,
): Verdict {
  return {
    host,
    pool,
    trust: 'unknown',
    reason,
    components: components.map((component: Component) => ({ component, trust: 'unknown', reason })),
    findings: [{ code, message: reason }],
    software_tpm: false,
    verified_at: now.toISOString(),
    expires_at: now.toISOString(),
  };
}
