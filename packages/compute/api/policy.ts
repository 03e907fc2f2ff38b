// May this caller do this? Nova's default rules, by its rule names: administrators everything, members what is their project's,
// readers nothing that changes it.
import type { FastifyRequest } from 'fastify';
import { caller } from '../identity/guard.ts';
import { Refusal } from '../refusal.ts';
import type { Project } from '../storage/identity.ts';

/** @param rule as `os-services:list`. @throws Refusal `request-forbidden` */
export function adminOnly(request: FastifyRequest, rule: string): void {
  if (!caller(request).admin) throw forbidden(rule);
}

export const forbidden = (rule: string): Refusal =>
  new Refusal('request-forbidden', `Policy doesn't allow os_compute_api:${rule} to be performed.`);

/** Every compute request is about a project, and whoever only reads changes nothing. */
export function refuseOutsiders(request: FastifyRequest): void {
  const { project, admin, roles } = caller(request);
  if (!project) throw new Refusal('request-forbidden', 'The token is not scoped to a project.');
  const reading = request.method === 'GET' || request.method === 'HEAD';
  if (!reading && !admin && !roles.some((role) => role.name === 'member'))
    throw forbidden(`${request.routeOptions.url?.split('/')[2] ?? 'request'}:${request.method.toLowerCase()}`);
}

export function projectOf(request: FastifyRequest): Project {
  const { project } = caller(request);
  if (!project) throw new Refusal('request-forbidden', 'The token is not scoped to a project.');
  return project;
}
