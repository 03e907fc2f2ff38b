// Which servers may this caller see? Another project's does not exist for them.
import type { FastifyRequest } from 'fastify';
import { caller } from '../../identity/guard.ts';
import { Refusal } from '../../refusal.ts';
import { type Instance, instanceById, livingInstances } from '../../storage/instances.ts';
import type { ApiContext } from '../context.ts';
import { forbidden, projectOf } from '../policy.ts';
import { nameFilter } from './name-filter.ts';
import { serverStatus } from './view.ts';

const pageSize = 1000;

/** @throws Refusal `instance-not-found` */
export async function instanceOf({ db }: ApiContext, request: FastifyRequest, id: string): Promise<Instance> {
  const instance = await instanceById(db, id);
  const { admin, project } = caller(request);
  if (!instance || instance.vm_state === 'deleted' || (!admin && instance.project_id !== project?.id))
    throw new Refusal('instance-not-found', `Instance ${id} could not be found.`);
  return instance;
}

export type ListQuery = Record<string, string | string[] | undefined>;
export type Page = { instances: Instance[]; next: string | undefined };

/** Newest first. What only administrators may filter by is ignored from others, as Nova does. */
export async function listInstances(
  { db }: ApiContext,
  request: FastifyRequest<{ Querystring: ListQuery }>,
  rule: 'index' | 'detail',
): Promise<Page> {
  const query = Object.fromEntries(
    Object.entries(request.query).map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value]),
  );
  const { admin } = caller(request);
  const everywhere = query['all_tenants'] !== undefined && !/^(0|false|no|off|f|n)$/i.test(query['all_tenants']);
  if (everywhere && !admin) throw forbidden(`servers:${rule}:get_all_tenants`);
  const own = projectOf(request).id;
  const wants = filters(query, admin);
  const all = (await livingInstances(db))
    .filter((one) => (everywhere || one.project_id === own) && wants.every((wanted) => wanted(one)))
    .reverse();
  const { marker } = query;
  const from = marker === undefined ? 0 : all.findIndex((one) => one.id === marker) + 1;
  if (marker !== undefined && from === 0) throw new Refusal('request-invalid', `marker [${marker}] not found`);
  const limit = Math.min(limitOf(query['limit']), pageSize);
  const instances = all.slice(from, from + limit);
  const more = from + limit < all.length;
  return { instances, next: more ? instances.at(-1)?.id : undefined };
}

type Wanted = (instance: Instance) => boolean;

function filters(query: Record<string, string | undefined>, admin: boolean): Wanted[] {
  const wanted: Wanted[] = [];
  const by = (name: string, value: (instance: Instance) => string | null) => {
    const asked = query[name];
    if (asked !== undefined) wanted.push((instance) => value(instance) === asked);
  };
  if (query['name'] !== undefined) {
    const fits = nameFilter(query['name']);
    wanted.push((instance) => fits(instance.name));
  }
  if (query['status'] !== undefined) {
    const status = query['status'].toUpperCase();
    wanted.push((instance) => serverStatus(instance) === status);
  }
  by('uuid', (one) => one.id);
  by('reservation_id', (one) => one.reservation_id);
  by('image', (one) => one.image_id);
  by('flavor', (one) => one.flavor.id);
  by('key_name', (one) => one.key_name);
  by('user_id', (one) => one.user_id);
  by('availability_zone', (one) => one.availability_zone);
  if (!admin) return wanted;
  by('project_id', (one) => one.project_id);
  by('tenant_id', (one) => one.project_id);
  by('host', (one) => one.host);
  by('vm_state', (one) => one.vm_state);
  by('task_state', (one) => one.task_state);
  return wanted;
}

function limitOf(limit: string | undefined): number {
  if (limit === undefined) return pageSize;
  if (!/^\d{1,9}$/.test(limit)) throw new Refusal('request-invalid', 'Invalid input for query parameters limit.');
  return Number(limit) || pageSize;
}
