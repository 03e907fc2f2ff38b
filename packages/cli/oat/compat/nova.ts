// What would Nova's stock TrustedFilter do with an answer to PollHosts? It looks at less than one would think, and fails on more.
import type { Answer } from '../peer.ts';

export type Made =
  /** Its entries as far as they are objects. */
  | { as: 'used'; entries: readonly Record<string, unknown>[] }
  /** Every host is unknown: trusted flavors find no host. */
  | { as: 'unknown' }
  /** The scheduler's request fails with this. */
  | { as: 'crash'; how: string };

const successes = [200, 201, 202, 204];

export function novaMakes({ status, json }: Answer): Made {
  if (!successes.includes(status)) return { as: 'unknown' };
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { as: 'crash', how: 'AttributeError' };
  const { hosts } = json as Record<string, unknown>;
  if (hosts === undefined || hosts === null) return { as: 'unknown' };
  if (!Array.isArray(hosts)) return { as: 'crash', how: 'TypeError' };
  for (const entry of hosts as unknown[]) {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return { as: 'crash', how: 'TypeError' };
    for (const key of ['host_name', 'trust_lvl', 'vtime'])
      if (!(key in entry)) return { as: 'crash', how: `KeyError: ${key}` };
    if (typeof (entry as Record<string, unknown>)['vtime'] !== 'string')
      return { as: 'crash', how: 'TypeError: vtime' };
  }
  return { as: 'used', entries: hosts as Record<string, unknown>[] };
}
