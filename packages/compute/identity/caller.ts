// Who is asking? A token is only a claim; the caller is what the database says of its user and project now.
import type { Kysely } from 'kysely';
import { isRevoked, type Project, projectById, type Role, rolesOf, type User, userById } from '../storage/identity.ts';
import type { Tables } from '../storage/tables.ts';
import type { TokenClaims, Tokens } from './tokens.ts';

export type Caller = {
  token: TokenClaims;
  user: User;
  /** undefined: the token is not scoped to a project */
  project: Project | undefined;
  roles: Role[];
  admin: boolean;
};

/** @returns undefined: whoever it is, nothing may be done in their name */
export async function callerOf(
  db: Kysely<Tables>,
  tokens: Tokens,
  token: string | undefined,
): Promise<Caller | undefined> {
  const claims = token ? await tokens.read(token) : undefined;
  if (!claims || (await isRevoked(db, claims.id))) return undefined;
  return callerFor(db, claims);
}

export async function callerFor(db: Kysely<Tables>, token: TokenClaims): Promise<Caller | undefined> {
  const user = await userById(db, token.userId);
  if (!user?.enabled) return undefined;
  if (token.projectId === null) return { token, user, project: undefined, roles: [], admin: false };
  const project = await projectById(db, token.projectId);
  const roles = await rolesOf(db, user.id, token.projectId);
  if (!project?.enabled || roles.length === 0) return undefined;
  return { token, user, project, roles, admin: roles.some((role) => role.name === 'admin') };
}
