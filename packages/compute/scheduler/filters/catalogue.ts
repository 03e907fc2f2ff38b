// Which filters are there? One line each, under the operator's name, with the module it had in Nova.
import type { Clock } from '@assay/daemon';
import type { PollHosts } from '../poll-hosts.ts';
import { availabilityZoneFilter } from './availability-zone.ts';
import { computeFilter } from './compute.ts';
import type { Filter } from './filter.ts';
import { ramFilter } from './ram.ts';
import { trustedFilter } from './trusted.ts';

/** What filters are made from. */
export type FilterParts = { clock: Clock; poll: PollHosts; ramAllocationRatio: number; serviceDownTimeS: number };

type Entry = { module: string; make: (parts: FilterParts) => Filter };
const entry = (module: string, make: Entry['make']): Entry => ({ module, make });

const catalogue = {
  AvailabilityZoneFilter: entry('availability_zone_filter', () => availabilityZoneFilter),
  RamFilter: entry('ram_filter', (parts) => ramFilter(parts.ramAllocationRatio)),
  ComputeFilter: entry('compute_filter', (parts) => computeFilter(parts.clock, parts.serviceDownTimeS)),
  TrustedFilter: entry('trusted_filter', (parts) => trustedFilter(parts.poll)),
};

/** As operators write it in `scheduler_default_filters`. */
export type FilterName = keyof typeof catalogue;
export const filterNames = Object.keys(catalogue) as FilterName[];

/** As operators write it in `scheduler_available_filters`. */
export const classNameOf = (name: FilterName): string => `nova.scheduler.filters.${catalogue[name].module}.${name}`;

export type NamedFilter = { name: FilterName; filter: Filter };

/** In the order of the names. */
export const makeFilters = (names: readonly FilterName[], parts: FilterParts): NamedFilter[] =>
  names.map((name) => ({ name, filter: catalogue[name].make(parts) }));
