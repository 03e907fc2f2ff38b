// Hypervisors: what the hosts are and how full. Usage is counted from the instances at each request.
import { isUuid } from '@assay/protocol';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';
import { allNodes, type ComputeNode, isUp, type Usage, usageByHost } from '../storage/compute-nodes.ts';
import { instancesOnHost } from '../storage/instances.ts';
import type { ApiContext, Resource } from './context.ts';
import { has } from './microversions.ts';
import { adminOnly } from './policy.ts';

type Query = { hypervisor_hostname_pattern?: string; with_servers?: string };
type Listing = { Querystring: Query };
const none: Usage = { instances: 0, vcpus: 0, memory_mb: 0, local_gb: 0 };

export const hypervisors: Resource = (server, context) => {
  const { db } = context;
  const list = async (request: FastifyRequest<Listing>, view: (node: ComputeNode) => object) => {
    const { hypervisor_hostname_pattern: pattern, with_servers } = request.query;
    const nodes = (await allNodes(db)).filter((node) => !pattern || node.hypervisor_hostname.includes(pattern));
    if (pattern && nodes.length === 0)
      throw new Refusal('hypervisor-not-found', `No hypervisor matching '${pattern}' could be found.`);
    const withServers = /^(1|true|yes|on)$/i.test(with_servers ?? '');
    const hypervisors = [];
    for (const node of nodes) hypervisors.push({ ...view(node), ...(withServers && (await serversOn(node))) });
    return { hypervisors };
  };
  const serversOn = async ({ host }: ComputeNode) => ({
    servers: (await instancesOnHost(db, host)).map(({ id, name }) => ({ uuid: id, name })),
  });

  server.get<Listing>('/v2.1/os-hypervisors', async (request) => {
    adminOnly(request, 'os-hypervisors:list');
    return list(request, (node) => briefView(context, request, node));
  });
  server.get<Listing>('/v2.1/os-hypervisors/detail', async (request) => {
    adminOnly(request, 'os-hypervisors:list-detail');
    const usage = await usageByHost(db);
    return list(request, (node) => detailView(context, request, node, usage.get(node.host) ?? none));
  });
  server.get('/v2.1/os-hypervisors/statistics', async (request) => {
    adminOnly(request, 'os-hypervisors:statistics');
    if (has(request, 'hypervisorUsageGone')) throw new Refusal('request-not-found', 'statistics');
    const usage = await usageByHost(db);
    const all = (await allNodes(db)).filter((node) => !node.disabled);
    const each = all.map((node) => usageView(node, usage.get(node.host) ?? none));
    const total = (name: keyof ReturnType<typeof usageView>) => each.reduce((sum, one) => sum + one[name], 0);
    const names = Object.keys(usageView({ vcpus: 0, memory_mb: 0, local_gb: 0 }, none)) as Parameters<
      typeof total
    >[0][];
    return {
      hypervisor_statistics: { count: all.length, ...Object.fromEntries(names.map((name) => [name, total(name)])) },
    };
  });
  server.get<{ Params: { id: string }; Querystring: Query }>('/v2.1/os-hypervisors/:id', async (request) => {
    adminOnly(request, 'os-hypervisors:show');
    const node = await nodeOf(request, request.params.id);
    const usage = (await usageByHost(db)).get(node.host) ?? none;
    const withServers = /^(1|true|yes|on)$/i.test(request.query.with_servers ?? '');
    return {
      hypervisor: { ...detailView(context, request, node, usage), ...(withServers && (await serversOn(node))) },
    };
  });
  server.get<{ Params: { id: string } }>('/v2.1/os-hypervisors/:id/uptime', async (request) => {
    adminOnly(request, 'os-hypervisors:uptime');
    if (has(request, 'hypervisorUsageGone')) throw new Refusal('request-not-found', 'uptime');
    await nodeOf(request, request.params.id);
    throw new Refusal('hypervisor-not-implemented', 'The requested functionality is not supported.');
  });

  async function nodeOf(request: FastifyRequest, id: string): Promise<ComputeNode> {
    const uuids = has(request, 'uuidsForServices');
    if (uuids && !isUuid(id.toLowerCase())) throw new Refusal('request-invalid', `Invalid uuid ${id}`);
    const found = (await allNodes(db)).find((node) => (uuids ? node.id === id : String(node.number) === id));
    if (!found) throw new Refusal('hypervisor-not-found', `Hypervisor with ID '${id}' could not be found.`);
    return found;
  }
};

function briefView({ clock, serviceDownTimeS }: ApiContext, request: FastifyRequest, node: ComputeNode) {
  return {
    id: has(request, 'uuidsForServices') ? node.id : node.number,
    hypervisor_hostname: node.hypervisor_hostname,
    state: isUp(node, clock.now(), serviceDownTimeS) ? 'up' : 'down',
    status: node.disabled ? 'disabled' : 'enabled',
  };
}

function detailView(context: ApiContext, request: FastifyRequest, node: ComputeNode, usage: Usage) {
  return {
    ...briefView(context, request, node),
    hypervisor_type: 'QEMU',
    hypervisor_version: node.hypervisor_version,
    host_ip: node.host_ip,
    service: {
      id: has(request, 'uuidsForServices') ? node.service_id : node.number,
      host: node.host,
      disabled_reason: node.disabled_reason,
    },
    ...(has(request, 'hypervisorUsageGone')
      ? { uptime: null }
      : { ...usageView(node, usage), cpu_info: has(request, 'cpuInfoObject') ? {} : '{}' }),
  };
}

function usageView(node: Pick<ComputeNode, 'vcpus' | 'memory_mb' | 'local_gb'>, usage: Usage) {
  const free_disk_gb = node.local_gb - usage.local_gb;
  return {
    vcpus: node.vcpus,
    memory_mb: node.memory_mb,
    local_gb: node.local_gb,
    vcpus_used: usage.vcpus,
    memory_mb_used: usage.memory_mb,
    local_gb_used: usage.local_gb,
    free_ram_mb: node.memory_mb - usage.memory_mb,
    free_disk_gb,
    current_workload: 0,
    running_vms: usage.instances,
    disk_available_least: free_disk_gb,
  };
}
