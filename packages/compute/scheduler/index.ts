export { type FilterName, makeFilters, type NamedFilter } from './filters/catalogue.ts';
export type { HostState, Placement } from './filters/filter.ts';
export {
  type AttestationAccess,
  options,
  type SchedulerConf,
  type SchedulerSettings,
  schedulerSettings,
} from './options.ts';
export { type PollHosts, pollHostsOf } from './poll-hosts.ts';
export { type Selection, select } from './select.ts';
export { weigh } from './weigh.ts';
