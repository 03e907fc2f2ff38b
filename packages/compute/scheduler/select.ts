// Which hosts may run this instance? The filters in the operator's order, each on what the one before left over.
// Choosing among them is `weigh.ts`, taking one is the claim: what passes here may be taken by another a moment later.
import type { NamedFilter } from './filters/catalogue.ts';
import type { HostDecision, HostState, Placement } from './filters/filter.ts';

export type Selection = {
  /** In the order they came. */
  passing: HostState[];
  /** Every host once, in the order they came: the filter that refused it and why, or null for both. */
  decisions: HostDecision[];
};

/** @param excluded host → why it is not tried again in this boot (Nova's RetryFilter) */
export async function select(
  wanted: Placement,
  hosts: readonly HostState[],
  filters: readonly NamedFilter[],
  excluded: ReadonlyMap<string, string> = new Map(),
): Promise<Selection> {
  const refused = new Map<string, { filter: string; reason: string }>();
  let passing = hosts.filter((host) => {
    const before = excluded.get(host.host);
    if (before !== undefined) refused.set(host.host, { filter: 'RetryFilter', reason: before });
    // A forced host is no way around the filters: it only narrows the choice.
    else if (wanted.wantedHost !== null && wanted.wantedHost !== host.host)
      refused.set(host.host, { filter: 'ForcedHost', reason: `is not ${wanted.wantedHost}, which was asked for` });
    return !refused.has(host.host);
  });
  for (const { name, filter } of filters) {
    if (passing.length === 0) break;
    const judge = await filter(wanted, passing);
    passing = passing.filter((host) => {
      const result = judge(host);
      if (!result.passes) refused.set(host.host, { filter: name, reason: result.reason });
      return result.passes;
    });
  }
  const decisions = hosts.map(({ host }) => {
    const refusal = refused.get(host);
    return { host, filter: refusal?.filter ?? null, reason: refusal?.reason ?? null };
  });
  return { passing, decisions };
}
