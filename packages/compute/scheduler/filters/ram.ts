// Has the host as much memory left as the flavor asks for? The claim asks again, inside its transaction.
import { type Filter, type HostState, passes, refuses } from './filter.ts';

/** MB a host may still promise. @param ratio Nova's `ram_allocation_ratio` */
export const freeMemoryMb = (host: Pick<HostState, 'memoryMb' | 'memoryMbUsed'>, ratio: number): number =>
  Math.floor(host.memoryMb * ratio) - host.memoryMbUsed;

export const ramFilter =
  (ratio: number): Filter =>
  (wanted) =>
  (host) => {
    const free = freeMemoryMb(host, ratio);
    return wanted.memoryMb <= free
      ? passes
      : refuses(`has ${free} MB of memory free, ${wanted.memoryMb} MB are needed`);
  };
