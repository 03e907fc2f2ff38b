// How long does a verdict hold that is given anew on old evidence? Never longer than what it replaces: only another round gives a longer life.
import type { Verdict } from '@assay/protocol';

/**
 * @param before the verdicts of the same round, one a pool; one that could not be read is left out
 * @param lifetimeS seconds a verdict holds where no policy says it: without a policy nothing expired, and nothing holds longer than that
 * @returns these, in a pool that the host newly enters no longer than the first of those before; where nothing was before, not at all
 */
export function heldNoLonger(verdicts: readonly Verdict[], before: readonly Verdict[], lifetimeS: number): Verdict[] {
  const ends = new Map(before.map((one) => [one.pool, endOf(one, lifetimeS)]));
  return verdicts.map((verdict) => {
    const { pool, verified_at, expires_at } = verdict;
    const end = ends.get(pool) ?? (ends.size > 0 ? Math.min(...ends.values()) : 0);
    if (Date.parse(expires_at) <= end) return verdict;
    return { ...verdict, expires_at: new Date(Math.max(end, Date.parse(verified_at))).toISOString() };
  });
}

function endOf({ trust, verified_at, expires_at }: Verdict, lifetimeS: number): number {
  const without = trust === 'unknown' && verified_at === expires_at;
  return without ? Date.parse(verified_at) + lifetimeS * 1000 : Date.parse(expires_at);
}
