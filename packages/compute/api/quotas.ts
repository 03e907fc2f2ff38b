// Quotas and limits: how much a project may have and has. Resources of networks, which are not ours, show as unlimited (-1).
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { caller } from '../identity/guard.ts';
import { Refusal } from '../refusal.ts';
import { projectById } from '../storage/identity.ts';
import { defaultQuotas, type Quota, type Quotas, quotasOf, setQuotas, usedBy } from '../storage/quotas.ts';
import { bodyOf } from './body.ts';
import type { Resource } from './context.ts';
import { has } from './microversions.ts';
import { adminOnly, forbidden, projectOf } from './policy.ts';

const networks = ['fixed_ips', 'floating_ips', 'security_group_rules', 'security_groups'];
const files = { injected_file_content_bytes: 10240, injected_file_path_bytes: 255, injected_files: 5 };
const Limit = Type.Integer({ minimum: -1, maximum: 0x7fffffff });
const Update = Type.Object({
  quota_set: Type.Object(
    {
      ...(Object.fromEntries(Object.keys(defaultQuotas).map((name) => [name, Type.Optional(Limit)])) as Record<
        Quota,
        ReturnType<typeof optional>
      >),
      force: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
});
function optional() {
  return Type.Optional(Limit);
}

type At = { Params: { project: string } };

export const quotas: Resource = (server, { db }) => {
  server.get('/v2.1/limits', async (request) => {
    const { id } = projectOf(request);
    return { limits: { rate: [], absolute: limitsView(request, await quotasOf(db, id), await usedBy(db, id)) } };
  });
  server.get<At>('/v2.1/os-quota-sets/:project', async (request) => {
    const { project } = readable(request, 'show');
    return { quota_set: { id: project, ...quotaView(request, await quotasOf(db, project)) } };
  });
  server.get<At>('/v2.1/os-quota-sets/:project/defaults', (request) => ({
    quota_set: { id: readable(request, 'defaults').project, ...quotaView(request, defaultQuotas) },
  }));
  server.get<At>('/v2.1/os-quota-sets/:project/detail', async (request) => {
    const { project } = readable(request, 'detail');
    const used: Record<string, number> = await usedBy(db, project);
    const each = Object.entries(quotaView(request, await quotasOf(db, project)));
    const detail = each.map(([name, limit]) => [name, { in_use: used[name] ?? 0, limit, reserved: 0 }]);
    return { quota_set: { id: project, ...Object.fromEntries(detail) } };
  });
  server.put<At>('/v2.1/os-quota-sets/:project', async (request) => {
    adminOnly(request, 'os-quota-sets:update');
    const { force: _, ...change } = bodyOf(request, Update).quota_set;
    if (!(await projectById(db, request.params.project)))
      throw new Refusal('request-invalid', `Project ID ${request.params.project} is not a valid project.`);
    await setQuotas(db, request.params.project, change as Partial<Quotas>);
    return { quota_set: quotaView(request, await quotasOf(db, request.params.project)) };
  });
};

function readable(request: FastifyRequest<At>, rule: string): { project: string } {
  const { admin, project } = caller(request);
  if (!admin && project?.id !== request.params.project) throw forbidden(`os-quota-sets:${rule}`);
  return request.params;
}

function quotaView(request: FastifyRequest, all: Quotas): Record<string, number> {
  return {
    ...all,
    ...(!has(request, 'networkQuotasGone') && Object.fromEntries(networks.map((name) => [name, -1]))),
    ...(!has(request, 'personalityGone') && files),
  };
}

function limitsView(request: FastifyRequest, all: Quotas, used: { instances: number; cores: number; ram: number }) {
  return {
    maxTotalInstances: all.instances,
    maxTotalCores: all.cores,
    maxTotalRAMSize: all.ram,
    maxServerMeta: all.metadata_items,
    ...(!has(request, 'imageMetaLimitGone') && { maxImageMeta: 128 }),
    ...(!has(request, 'personalityGone') && { maxPersonality: 0, maxPersonalitySize: 0 }),
    maxTotalKeypairs: all.key_pairs,
    maxServerGroups: all.server_groups,
    maxServerGroupMembers: all.server_group_members,
    ...(!has(request, 'networkQuotasGone') && {
      maxTotalFloatingIps: -1,
      maxSecurityGroups: -1,
      maxSecurityGroupRules: -1,
      totalFloatingIpsUsed: 0,
      totalSecurityGroupsUsed: 0,
    }),
    totalRAMUsed: used.ram,
    totalCoresUsed: used.cores,
    totalInstancesUsed: used.instances,
    totalServerGroupsUsed: 0,
  };
}
