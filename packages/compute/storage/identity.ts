// Users, projects and who has which role where: the rows of identity. Ids are 32 hex digits, as Keystone makes them.
import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { ProjectsTable, RolesTable, Tables, UsersTable } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export type User = UsersTable;
export type Project = ProjectsTable;
export type Role = RolesTable;

/** The only domain. */
export const domain = { id: 'default', name: 'Default' };
const roleNames = ['admin', 'member', 'reader'] as const;
export type RoleName = (typeof roleNames)[number];

const newId = (): string => randomUUID().replaceAll('-', '');

export function userById(db: Db, id: string): Promise<User | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
}

export function userByName(db: Db, name: string): Promise<User | undefined> {
  return db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst();
}

export function allUsers(db: Db): Promise<User[]> {
  return db.selectFrom('users').selectAll().orderBy('name').execute();
}

export function projectById(db: Db, id: string): Promise<Project | undefined> {
  return db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst();
}

export function projectByName(db: Db, name: string): Promise<Project | undefined> {
  return db.selectFrom('projects').selectAll().where('name', '=', name).executeTakeFirst();
}

export function allProjects(db: Db): Promise<Project[]> {
  return db.selectFrom('projects').selectAll().orderBy('name').execute();
}

/** Enabled projects in which a user has a role. */
export function projectsOf(db: Db, userId: string): Promise<Project[]> {
  return db
    .selectFrom('projects')
    .selectAll()
    .where('enabled', '=', 1)
    .where('id', 'in', db.selectFrom('role_assignments').select('project_id').where('user_id', '=', userId))
    .orderBy('name')
    .execute();
}

export function allRoles(db: Db): Promise<Role[]> {
  return db.selectFrom('roles').selectAll().orderBy('name').execute();
}

/** Roles of a user in a project, by name. */
export function rolesOf(db: Db, userId: string, projectId: string): Promise<Role[]> {
  return db
    .selectFrom('role_assignments')
    .innerJoin('roles', 'roles.id', 'role_assignments.role_id')
    .select(['roles.id', 'roles.name'])
    .where('user_id', '=', userId)
    .where('project_id', '=', projectId)
    .orderBy('roles.name')
    .execute();
}

/** A project, made when there is none of that name. */
export async function ensureProject(db: Db, name: string, description: string, now: Date): Promise<Project> {
  const there = await projectByName(db, name);
  if (there) return there;
  const project = { id: newId(), name, domain_id: domain.id, description, enabled: 1, created_at: now.toISOString() };
  await db.insertInto('projects').values(project).execute();
  return project;
}

/** A user, made when there is none of that name; the password is set in both cases. */
export async function ensureUser(db: Db, name: string, passwordHash: string, now: Date): Promise<User> {
  const there = await userByName(db, name);
  if (there) {
    await db.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', there.id).execute();
    return { ...there, password_hash: passwordHash };
  }
  const user = {
    id: newId(),
    name,
    domain_id: domain.id,
    password_hash: passwordHash,
    enabled: 1,
    created_at: now.toISOString(),
  };
  await db.insertInto('users').values(user).execute();
  return user;
}

export async function ensureRoles(db: Db): Promise<Map<RoleName, Role>> {
  for (const name of roleNames)
    await db
      .insertInto('roles')
      .values({ id: newId(), name })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
  return new Map((await allRoles(db)).map((role) => [role.name as RoleName, role]));
}

export async function assignRole(db: Db, userId: string, projectId: string, roleId: string): Promise<void> {
  await db
    .insertInto('role_assignments')
    .values({ user_id: userId, project_id: projectId, role_id: roleId })
    .onConflict((conflict) => conflict.columns(['user_id', 'project_id', 'role_id']).doNothing())
    .execute();
}

/** The token is refused from now on. What has expired by itself is forgotten. */
export async function revokeToken(db: Db, tokenId: string, expiresAt: Date, now: Date): Promise<void> {
  await db.deleteFrom('revoked_tokens').where('expires_at', '<', now.toISOString()).execute();
  await db
    .insertInto('revoked_tokens')
    .values({ token_id: tokenId, expires_at: expiresAt.toISOString() })
    .onConflict((conflict) => conflict.column('token_id').doNothing())
    .execute();
}

export async function isRevoked(db: Db, tokenId: string): Promise<boolean> {
  const row = await db
    .selectFrom('revoked_tokens')
    .select('token_id')
    .where('token_id', '=', tokenId)
    .executeTakeFirst();
  return row !== undefined;
}
