// What was done to a server, by whom and how it ended.
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';
import { actionsOf } from '../storage/instance-actions.ts';
import type { InstanceActionsTable } from '../storage/tables.ts';
import { micros, type Resource } from './context.ts';
import { has } from './microversions.ts';
import { instanceOf } from './servers/find.ts';

export const instanceActions: Resource = (server, context) => {
  const { db } = context;
  server.get<{ Params: { id: string } }>('/v2.1/servers/:id/os-instance-actions', async (request) => {
    const { id } = await instanceOf(context, request, request.params.id);
    return { instanceActions: (await actionsOf(db, id)).map((one) => view(request, one)) };
  });
  server.get<{ Params: { id: string; request: string } }>(
    '/v2.1/servers/:id/os-instance-actions/:request',
    async (request) => {
      const { id } = await instanceOf(context, request, request.params.id);
      const wanted = request.params.request;
      const found = (await actionsOf(db, id)).find((one) => one.request_id === wanted);
      if (!found) throw new Refusal('action-not-found', `Action for request_id ${wanted} on instance ${id} not found`);
      return { instanceAction: { ...view(request, found), events: [] } };
    },
  );
};

function view(request: FastifyRequest, action: InstanceActionsTable) {
  return {
    action: action.action,
    instance_uuid: action.instance_id,
    request_id: action.request_id,
    user_id: action.user_id,
    project_id: action.project_id,
    start_time: micros(action.start_time),
    message: action.message,
    ...(has(request, 'actionUpdatedAt') && { updated_at: micros(action.updated_at) }),
  };
}
