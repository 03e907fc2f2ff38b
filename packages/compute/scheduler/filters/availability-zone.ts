// Is the host in the zone the subscriber named? Who names none may go anywhere.
import { type Filter, passes, refuses } from './filter.ts';

export const availabilityZoneFilter: Filter = (wanted) => (host) =>
  wanted.wantedZone === null || wanted.wantedZone === host.zone
    ? passes
    : refuses(`is in zone ${host.zone}, not ${wanted.wantedZone}`);
