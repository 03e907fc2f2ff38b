// When was a host last good in this? Now, where its current verdict says so; else when the last evidence by which it was had been verified.
import type { Verdict } from '@assay/protocol';

/** A run of equal verdicts. */
type Run = { readonly at: string; readonly until: string | null; readonly verdict: Verdict };

/** @param history the newest first @returns undefined: never, as far as history goes back */
export function lastGood(component: string, current: Verdict, history: readonly Run[]): string | undefined {
  const isGood = ({ components }: Verdict) =>
    components.some((one) => one.component === component && one.trust === 'trusted');
  if (isGood(current)) return current.verified_at;
  const run = history.find(({ verdict }) => isGood(verdict));
  if (!run) return undefined;
  // On evidence of before, when standards changed: then it was good from that change on.
  return run.until !== null && Date.parse(run.until) > Date.parse(run.at) ? run.until : run.at;
}
