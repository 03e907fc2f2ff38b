// Services: one nova-compute on each host. Operators take a host out of the scheduler's choice here.

import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Refusal } from '../refusal.ts';
import { allNodes, type ComputeNode, isUp, setDisabled } from '../storage/compute-nodes.ts';
import { bodyOf } from './body.ts';
import { type ApiContext, micros, type Resource } from './context.ts';
import { has } from './microversions.ts';
import { adminOnly } from './policy.ts';

const Change = Type.Object(
  {
    status: Type.Optional(Type.Union([Type.Literal('enabled'), Type.Literal('disabled')])),
    disabled_reason: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  },
  { additionalProperties: false },
);

export const services: Resource = (server, context) => {
  const { db, clock } = context;
  server.get<{ Querystring: { binary?: string; host?: string } }>('/v2.1/os-services', async (request) => {
    adminOnly(request, 'os-services:list');
    const { binary, host } = request.query;
    const nodes = (await allNodes(db)).filter((node) => host === undefined || node.host === host);
    const wanted = binary === undefined || binary === 'nova-compute' ? nodes : [];
    return { services: wanted.map((node) => serviceView(context, request, node)) };
  });
  server.put<{ Params: { id: string } }>('/v2.1/os-services/:id', async (request) => {
    adminOnly(request, 'os-services:update');
    const { id } = request.params;
    if (!has(request, 'uuidsForServices')) throw new Refusal('service-not-found', `Unknown action ${id}`);
    const { status, disabled_reason: reason } = bodyOf(request, Change);
    if (status === undefined)
      throw new Refusal('request-invalid', 'No updates were requested. Fields status, disabled_reason can be updated.');
    if (reason !== undefined && status !== 'disabled')
      throw new Refusal('request-invalid', "Specifying disabled_reason requires that status is 'disabled'.");
    const node = await setDisabled(db, id, status === 'disabled', reason ?? null, clock.now());
    if (!node) throw new Refusal('service-not-found', `Service ${id} could not be found.`);
    return { service: serviceView(context, request, node) };
  });
};

function serviceView({ clock, serviceDownTimeS }: ApiContext, request: FastifyRequest, node: ComputeNode) {
  return {
    binary: 'nova-compute',
    host: node.host,
    id: has(request, 'uuidsForServices') ? node.service_id : node.number,
    zone: node.zone,
    status: node.disabled ? 'disabled' : 'enabled',
    state: isUp(node, clock.now(), serviceDownTimeS) ? 'up' : 'down',
    updated_at: micros(node.last_seen_at),
    disabled_reason: node.disabled_reason,
    ...(has(request, 'serviceForcedDown') && { forced_down: false }),
  };
}
