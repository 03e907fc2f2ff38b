// When was a host last good in this? Its current verdict where that says so, else the newest change in its history by which it was.
import type { Verdict } from '@assay/protocol';

type Kept = { readonly at: string; readonly verdict: Verdict };

/** @param history the newest first @returns undefined: never, as far as history goes back */
export function lastGood(component: string, current: Verdict, history: readonly Kept[]): string | undefined {
  const isGood = ({ components }: Verdict) =>
    components.some((one) => one.component === component && one.trust === 'trusted');
  if (isGood(current)) return current.verified_at;
  return history.find(({ verdict }) => isGood(verdict))?.at;
}
