// Which of the hosts that may is best? The one with the most memory free, as Nova's RAMWeigher spreads; ties by name.
import type { HostState } from './filters/filter.ts';
import { freeMemoryMb } from './filters/ram.ts';

/** Best first. */
export function weigh(hosts: readonly HostState[], ramAllocationRatio: number): HostState[] {
  const free = (host: HostState) => freeMemoryMb(host, ramAllocationRatio);
  return [...hosts].sort((a, b) => free(b) - free(a) || (a.host < b.host ? -1 : a.host > b.host ? 1 : 0));
}
