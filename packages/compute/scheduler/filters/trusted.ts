// Does the attestation server say of the host what the flavor asks for, in the pool it asks for, with the asset tags it asks for? Asked once per decision, for all
// candidates together.
// Proves nothing about the moment of the start: the ticket does.
import { unmetTags, unmetText } from '@assay/protocol';
import type { PollHosts } from '../poll-hosts.ts';
import { type Filter, passes, refuses } from './filter.ts';

export const trustedFilter =
  (poll: PollHosts): Filter =>
  async (wanted, candidates) => {
    const { pool, tags } = wanted;
    const trust = wanted.trust ?? (tags ? 'trusted' : null);
    if (trust === null || candidates.length === 0) return () => passes;
    const opinions = await poll(
      candidates.map((host) => host.hypervisorHostname),
      pool ?? undefined,
    );
    const inPool = pool === null ? '' : ` in pool ${pool}`;
    return (host) => {
      const opinion = opinions(host.hypervisorHostname);
      if (opinion.trust === undefined)
        return refuses(pool === null ? opinion.reason : `pool ${pool}: ${opinion.reason}`);
      if (opinion.trust !== trust)
        return refuses(
          `is ${opinion.trust}${inPool} to the attestation server (${opinion.reason}), ${trust} is asked for`,
        );
      const unmet = tags ? unmetTags(tags, opinion.tags) : [];
      return unmet.length === 0 ? passes : refuses(unmet.map(unmetText).join('; '));
    };
  };
