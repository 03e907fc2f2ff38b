// Why did a server land where it is, or nowhere? The scheduler's decisions, host by host.
import { AssayError, escaped } from '@assay/core';
import { demandText, isUuid, type TagDemands } from '@assay/protocol';
import type { ComputeClient } from './openstack-client.ts';
import { table } from './table.ts';

/** What the compute API keeps of one decision; `filter` null: every filter passed the host. */
export type Decision = {
  attempt: number;
  host: string | null;
  hosts: { host: string; filter: string | null; reason: string | null }[];
  outcome: string | null;
  created_at: string;
};
export type Explanation = {
  /** `pool`: whose policy decides; null or absent, as with an older compute API: the default one's. */
  server: { id: string; name: string; trust: string | null; pool?: string | null; tags?: TagDemands | null };
  decisions: Decision[];
};

/** @param server name or id @throws AssayError `server-unknown`, `server-ambiguous` */
export async function explanationOf(client: ComputeClient, server: string): Promise<Explanation> {
  const id = isUuid(server) ? server : await idOf(client, server);
  return (await client.get(`/servers/${id}/os-assay-decisions`)) as Explanation;
}

async function idOf(client: ComputeClient, name: string): Promise<string> {
  const pattern = encodeURIComponent(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
  const { servers } = (await client.get(`/servers?all_tenants=1&name=${pattern}`)) as {
    servers: { id: string; name: string }[];
  };
  const found = servers.filter((one) => one.name === name);
  const [only] = found;
  if (!only) throw new AssayError('server-unknown', 'servers', `one named ${name}`, 'none');
  if (found.length > 1)
    throw new AssayError('server-ambiguous', 'servers', `one named ${name}`, `${found.length}`, {
      hint: `give its id: ${found.map(({ id }) => id).join(', ')}`,
    });
  return only.id;
}

export function explained({ server, decisions }: Explanation): string {
  const inPool = server.pool ? ` of pool ${escaped(server.pool)}` : '';
  const tags = Object.entries(server.tags ?? {}).map(([name, wanted]) => escaped(demandText({ name, wanted })));
  const tagged = tags.length > 0 ? ` with ${tags.join(', ')}` : '';
  const asks = server.trust === null ? 'asks for no trust' : `asks for ${server.trust} hosts${inPool}${tagged}`;
  const head = `${escaped(server.name)} (${server.id}) ${asks}`;
  if (decisions.length === 0) return `${head}\nnothing has been decided yet`;
  return [head, ...decisions.map(oneDecision)].join('\n\n');
}

function oneDecision({ attempt, host, hosts, outcome, created_at }: Decision): string {
  const chosen = host === null ? 'no host' : `${host}${outcome === null ? '' : `, ${escaped(outcome)}`}`;
  const rows = hosts.map((one) => [
    one.host,
    one.filter === null ? (one.host === host ? 'chosen' : 'passed') : `refused by ${one.filter}`,
    one.reason === null ? '' : escaped(one.reason),
  ]);
  return `${created_at} attempt ${attempt}: ${chosen}\n${table(['host', 'result', 'reason'], rows)}`;
}
