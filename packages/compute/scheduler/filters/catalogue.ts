// Which filters are there? One line each, under the operator's name and the class name Nova had.
import type { Clock } from '@assay/daemon';
import type { PollHosts } from '../poll-hosts.ts';
import { availabilityZoneFilter } from './availability-zone.ts';
import { computeFilter } from './compute.ts';
import type { Filter, FilterName } from './filter.ts';
import { ramFilter } from './ram.ts';
import { trustedFilter } from './trusted.ts';

/** What filters are made from. */
export type Parts = { clock: Clock; poll: PollHosts; ramAllocationRatio: number; serviceDownTimeS: number };

type Entry<N> = { name: N; className: string; make: (parts: Parts) => Filter };
const entry = <N extends FilterName>(name: N, module: string, make: Entry<N>['make']): Entry<N> => ({
  name,
  className: `nova.scheduler.filters.${module}.${name}`,
  make,
});

export const catalogue: { readonly [N in FilterName]: Entry<N> } = {
  AvailabilityZoneFilter: entry('AvailabilityZoneFilter', 'availability_zone_filter', () => availabilityZoneFilter),
  RamFilter: entry('RamFilter', 'ram_filter', (parts) => ramFilter(parts.ramAllocationRatio)),
  ComputeFilter: entry('ComputeFilter', 'compute_filter', (parts) =>
    computeFilter(parts.clock, parts.serviceDownTimeS),
  ),
  TrustedFilter: entry('TrustedFilter', 'trusted_filter', (parts) => trustedFilter(parts.poll)),
};
