// Keystone v3, as much as stock clients ask of it: versions, tokens, and reading of projects, users, roles, catalog.
import type { Clock, Log } from '@assay/daemon';
import type { Failure, HttpsServer, RenderError } from '@assay/daemon/https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import { Type } from 'typebox';
import { Refusal } from '../refusal.ts';
import {
  allProjects,
  allRoles,
  allUsers,
  domain,
  projectById,
  projectsOf,
  revokeToken,
  rolesOf,
  userById,
} from '../storage/identity.ts';
import type { Tables } from '../storage/tables.ts';
import { AuthRequest, authenticate } from './authenticate.ts';
import { type Caller, callerOf } from './caller.ts';
import { catalog, region, type Urls } from './catalog.ts';
import { caller, guard, renderUnauthorized } from './guard.ts';
import type { Tokens } from './tokens.ts';
import { domainView, listView, projectView, roleView, tokenView, userView, versionView } from './views.ts';

export type IdentityContext = { db: Kysely<Tables>; tokens: Tokens; urls: Urls; clock: Clock; log: Log };

const Named = Type.Object({ name: Type.Optional(Type.String()), domain_id: Type.Optional(Type.String()) });
const titles: Record<number, string> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
};

/** Keystone's shape of errors. */
export function renderIdentityError(urls: Urls): RenderError {
  return (failure: Failure, reply: FastifyReply | undefined) => {
    reply?.header('vary', 'X-Auth-Token');
    if (failure.status === 401) return renderUnauthorized(failure, reply, `${urls.identity}/v3`);
    const title = titles[failure.status] ?? 'Internal Server Error';
    return { error: { code: failure.status, message: failure.message, title } };
  };
}

export function identityRoutes(server: HttpsServer, context: IdentityContext): void {
  const { db, tokens, urls, clock, log } = context;
  guard(server, db, tokens, new Set(['/', '/v3', '/v3/', '/v3/auth/tokens']));
  server.addHook('onSend', async (_request, reply) => void reply.header('vary', 'X-Auth-Token'));

  server.get('/', (_request, reply) => reply.code(300).send({ versions: { values: [versionView(urls)] } }));
  for (const path of ['/v3', '/v3/']) server.get(path, () => ({ version: versionView(urls) }));

  server.post('/v3/auth/tokens', { schema: { body: AuthRequest } }, async (request, reply) => {
    try {
      const { token, caller } = await authenticate(db, tokens, request.body, request.ip);
      log.info({ user: caller.user.name, project: caller.project?.name, request: request.id }, 'token issued');
      reply.code(201).header('x-subject-token', token);
      return tokenView(caller, urls, !('nocatalog' in (request.query as object)));
    } catch (error) {
      if (error instanceof Refusal) log.warn({ request: request.id, peer: request.ip }, 'authentication refused');
      throw error;
    }
  });
  server.get('/v3/auth/tokens', async (request, reply) => {
    const { subject, token } = await subjectOf(request);
    reply.header('x-subject-token', token);
    return tokenView(subject, urls, !('nocatalog' in (request.query as object)));
  });
  server.delete('/v3/auth/tokens', async (request, reply) => {
    const { subject } = await subjectOf(request);
    await revokeToken(db, subject.token.id, new Date(subject.token.expiresAt * 1000), clock.now());
    return reply.code(204).send();
  });

  server.get('/v3/auth/catalog', async (request) => {
    if (!caller(request).project) throw forbidden('identity:get_auth_catalog');
    return { catalog: catalog(urls), links: { self: `${urls.identity}/v3/auth/catalog`, next: null, previous: null } };
  });
  const ownProjects = async (request: FastifyRequest) =>
    listView(
      'projects',
      (await projectsOf(db, caller(request).user.id)).map((one) => projectView(one, urls)),
      urls,
    );
  server.get('/v3/auth/projects', ownProjects);
  server.get('/v3/auth/domains', () => listView('domains', [domainView(urls)], urls));

  server.get('/v3/projects', { schema: { querystring: Named } }, async (request) => {
    adminOnly(request, 'identity:list_projects');
    const found = (await allProjects(db)).filter(matching(request.query));
    return listView(
      'projects',
      found.map((one) => projectView(one, urls)),
      urls,
    );
  });
  server.get<{ Params: { id: string } }>('/v3/projects/:id', async (request) => {
    const { id } = request.params;
    const project = await projectById(db, id);
    if (caller(request).project?.id !== id) adminOnly(request, 'identity:get_project');
    if (!project) throw new Refusal('project-not-found', `Could not find project: ${id}.`);
    return { project: projectView(project, urls) };
  });
  server.get('/v3/users', { schema: { querystring: Named } }, async (request) => {
    adminOnly(request, 'identity:list_users');
    const found = (await allUsers(db)).filter(matching(request.query));
    return listView(
      'users',
      found.map((one) => userView(one, urls)),
      urls,
    );
  });
  server.get<{ Params: { id: string } }>('/v3/users/:id', async (request) => {
    const { id } = request.params;
    if (caller(request).user.id !== id) adminOnly(request, 'identity:get_user');
    const user = await userById(db, id);
    if (!user) throw new Refusal('user-not-found', `Could not find user: ${id}.`);
    return { user: userView(user, urls) };
  });
  server.get<{ Params: { id: string } }>('/v3/users/:id/projects', async (request) => {
    const { id } = request.params;
    if (caller(request).user.id !== id) adminOnly(request, 'identity:list_user_projects');
    return listView(
      'projects',
      (await projectsOf(db, id)).map((one) => projectView(one, urls)),
      urls,
    );
  });
  server.get('/v3/roles', { schema: { querystring: Named } }, async (request) => {
    adminOnly(request, 'identity:list_roles');
    const found = (await allRoles(db)).filter(({ name }) => !request.query.name || name === request.query.name);
    return listView(
      'roles',
      found.map((one) => roleView(one, urls)),
      urls,
    );
  });
  server.get<{ Params: { project: string; user: string } }>(
    '/v3/projects/:project/users/:user/roles',
    async (request) => {
      adminOnly(request, 'identity:list_grants');
      const roles = await rolesOf(db, request.params.user, request.params.project);
      return listView(
        'roles',
        roles.map((one) => roleView(one, urls)),
        urls,
      );
    },
  );
  server.get('/v3/domains', (request) => {
    adminOnly(request, 'identity:list_domains');
    return listView('domains', [domainView(urls)], urls);
  });
  server.get<{ Params: { id: string } }>('/v3/domains/:id', async (request) => {
    if (request.params.id !== domain.id)
      throw new Refusal('domain-not-found', `Could not find domain: ${request.params.id}.`);
    return { domain: domainView(urls) };
  });
  server.get('/v3/services', (request) => {
    adminOnly(request, 'identity:list_services');
    const services = catalog(urls).map(({ endpoints: _, ...service }) => ({ ...service, enabled: true }));
    return listView('services', services, urls);
  });
  server.get('/v3/endpoints', (request) => {
    adminOnly(request, 'identity:list_endpoints');
    const endpoints = catalog(urls).flatMap((service) =>
      service.endpoints.map((endpoint) => ({ ...endpoint, service_id: service.id, enabled: true })),
    );
    return listView('endpoints', endpoints, urls);
  });
  server.get('/v3/regions', () => listView('regions', [{ id: region, description: '', parent_region_id: null }], urls));

  /** Whose token `X-Subject-Token` is. One's own, or anybody's for an administrator. */
  async function subjectOf(request: FastifyRequest): Promise<{ subject: Caller; token: string }> {
    const asking = await callerOf(db, tokens, header(request, 'x-auth-token'));
    if (!asking) throw new Refusal('request-unauthorized', 'The request you have made requires authentication.');
    const token = header(request, 'x-subject-token') ?? '';
    const subject = await callerOf(db, tokens, token);
    if (!subject) throw new Refusal('token-not-found', 'Could not find token.');
    if (subject.user.id !== asking.user.id && !asking.admin) throw forbidden('identity:validate_token');
    return { subject, token };
  }
}

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

const forbidden = (action: string) =>
  new Refusal('request-forbidden', `You are not authorized to perform the requested action: ${action}.`);

function adminOnly(request: FastifyRequest, action: string): void {
  if (!caller(request).admin) throw forbidden(action);
}

const matching =
  (wanted: { name?: string; domain_id?: string }) =>
  (one: { name: string; domain_id: string }): boolean =>
    (wanted.name === undefined || wanted.name === one.name) &&
    (wanted.domain_id === undefined || wanted.domain_id === one.domain_id);
