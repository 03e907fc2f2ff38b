// Can the host start anything now? Its service is enabled, was heard of lately, and its connection stands.
import type { Clock } from '@assay/daemon';
import { type Filter, passes, refuses } from './filter.ts';

export const computeFilter =
  (clock: Clock, serviceDownTimeS: number): Filter =>
  () =>
  (host) => {
    if (host.disabledReason !== undefined) return refuses(`is disabled: ${host.disabledReason}`);
    const silentS = Math.round((clock.now().getTime() - host.lastSeenAt.getTime()) / 1000);
    if (silentS > serviceDownTimeS) return refuses(`is down: not heard of for ${silentS} s`);
    return host.connected ? passes : refuses('is down: its compute-host is not connected');
  };
