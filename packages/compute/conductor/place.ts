// Where does this instance go? Filters, then the claim; each decision is kept host by host, for whoever asks why.
import { type HostState, select } from '../scheduler/index.ts';
import { allNodes, type HostDecision, type Instance, insertDecision, usageByHost } from '../storage/index.ts';
import { claim } from './claim.ts';
import type { Parts } from './parts.ts';

export type Placed =
  | { host: HostState; decision: string; hosts: HostDecision[] }
  | { host: undefined; hosts: HostDecision[] }
  /** The instance is not to be built any more. */
  | undefined;

/** Claims lost to others before we give up; each one lost means that another boot went through. */
const claimsLost = 50;

/** @param excluded host → why it is not tried again in this boot */
export async function place(
  parts: Parts,
  instance: Instance,
  attempt: number,
  excluded: ReadonlyMap<string, string>,
): Promise<Placed> {
  const { db, clock, ramAllocationRatio } = parts;
  const wanted = {
    memoryMb: instance.memory_mb,
    trust: instance.trust,
    pool: instance.pool,
    tags: instance.trust_tags,
    wantedZone: instance.wanted_zone,
    wantedHost: instance.wanted_host,
  };
  const noted = { instance_id: instance.id, request_id: instance.request_id, attempt };
  for (let round = 0; ; round++) {
    const { passing, decisions } = await select(wanted, await hostStates(parts), parts.filters, excluded);
    if (passing.length === 0 && !parts.hostsBack.over) {
      await parts.hostsBack.promise; // there may be room on a host that has not come back to us yet
      continue;
    }
    if (passing.length === 0 || round === claimsLost) {
      await insertDecision(db, { ...noted, host: null, hosts: decisions }, clock.now());
      return { host: undefined, hosts: decisions };
    }
    const claimed = await claim(db, instance, passing, ramAllocationRatio, clock.now());
    if (claimed === 'gone') return undefined;
    if (claimed === 'full') continue;
    const decision = await insertDecision(db, { ...noted, host: claimed.host, hosts: decisions }, clock.now());
    return { host: claimed, decision, hosts: decisions };
  }
}

async function hostStates({ db, link }: Parts): Promise<HostState[]> {
  const [nodes, usage] = [await allNodes(db), await usageByHost(db)];
  return nodes.map((node) => ({
    host: node.host,
    hypervisorHostname: node.hypervisor_hostname,
    zone: node.zone,
    memoryMb: node.memory_mb,
    memoryMbUsed: usage.get(node.host)?.memory_mb ?? 0,
    lastSeenAt: new Date(node.last_seen_at),
    connected: link.connected(node.host),
    disabledReason: node.disabled ? (node.disabled_reason ?? 'no reason given') : undefined,
  }));
}
