// How Keystone v3 shows tokens, users and projects.
import { domain, type Project, type Role, type User } from '../storage/identity.ts';
import type { Caller } from './caller.ts';
import { catalog, type Urls } from './catalog.ts';

const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, '.000000Z');
const role = ({ id, name }: Role) => ({ id, name });

export function tokenView({ token, user, project, roles }: Caller, urls: Urls, withCatalog: boolean) {
  return {
    token: {
      methods: token.methods,
      user: { domain, id: user.id, name: user.name, password_expires_at: null },
      audit_ids: [token.id],
      expires_at: time(token.expiresAt),
      issued_at: time(token.issuedAt),
      ...(project && {
        project: { domain, id: project.id, name: project.name },
        is_domain: false,
        roles: roles.map(role),
        ...(withCatalog && { catalog: catalog(urls) }),
      }),
    },
  };
}

export function userView(user: User, { identity }: Urls) {
  return {
    id: user.id,
    name: user.name,
    domain_id: user.domain_id,
    enabled: user.enabled === 1,
    password_expires_at: null,
    options: {},
    links: { self: `${identity}/v3/users/${user.id}` },
  };
}

export function projectView(project: Project, { identity }: Urls) {
  return {
    id: project.id,
    name: project.name,
    domain_id: project.domain_id,
    description: project.description,
    enabled: project.enabled === 1,
    parent_id: project.domain_id,
    is_domain: false,
    tags: [],
    options: {},
    links: { self: `${identity}/v3/projects/${project.id}` },
  };
}

export function roleView({ id, name }: Role, { identity }: Urls) {
  return { id, name, domain_id: null, description: null, options: {}, links: { self: `${identity}/v3/roles/${id}` } };
}

export function domainView({ identity }: Urls) {
  const links = { self: `${identity}/v3/domains/${domain.id}` };
  return { ...domain, description: 'The default domain', enabled: true, tags: [], options: {}, links };
}

/** `{ users: […], links }` */
export function listView(name: string, items: unknown[], { identity }: Urls) {
  return { [name]: items, links: { next: null, self: `${identity}/v3/${name}`, previous: null } };
}

export function versionView({ identity }: Urls) {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${identity}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}
