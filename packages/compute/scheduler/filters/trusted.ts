// Does the attestation server say of the host what the flavor asks for, in the pool it asks for? Asked once per decision, for all
// candidates together.
// Proves nothing about the moment of the start: the ticket does.
import type { PollHosts } from '../poll-hosts.ts';
import { type Filter, passes, refuses } from './filter.ts';

export const trustedFilter =
  (poll: PollHosts): Filter =>
  async (wanted, candidates) => {
    if (wanted.trust === null || candidates.length === 0) return () => passes;
    const { pool } = wanted;
    const opinions = await poll(
      candidates.map((host) => host.hypervisorHostname),
      pool ?? undefined,
    );
    const inPool = pool === null ? '' : ` in pool ${pool}`;
    return (host) => {
      const opinion = opinions(host.hypervisorHostname);
      if (opinion.trust === undefined)
        return refuses(pool === null ? opinion.reason : `pool ${pool}: ${opinion.reason}`);
      return opinion.trust === wanted.trust
        ? passes
        : refuses(
            `is ${opinion.trust}${inPool} to the attestation server (${opinion.reason}), ${wanted.trust} is asked for`,
          );
    };
  };
