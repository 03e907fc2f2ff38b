// Keystone v3 `POST /v3/auth/tokens`: is this person who they say, and may they work in the project they name?
import type { Kysely } from 'kysely';
import { type Static, Type } from 'typebox';
import {
  domain,
  type Project,
  projectById,
  projectByName,
  type User,
  userById,
  userByName,
} from '../storage/identity.ts';
import type { Tables } from '../storage/tables.ts';
import { type Caller, callerFor, callerOf } from './caller.ts';
import { unauthorized } from './guard.ts';
import { passwordFits } from './passwords.ts';
import type { Tokens } from './tokens.ts';

const Name = Type.String({ maxLength: 255 });
const Domain = Type.Object({ id: Type.Optional(Name), name: Type.Optional(Name) });

export const AuthRequest = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Name, { maxItems: 4 }),
      password: Type.Optional(
        Type.Object({
          user: Type.Object({
            id: Type.Optional(Name),
            name: Type.Optional(Name),
            domain: Type.Optional(Domain),
            password: Type.String({ maxLength: 4096 }),
          }),
        }),
      ),
      token: Type.Optional(Type.Object({ id: Type.String({ maxLength: 4096 }) })),
    }),
    scope: Type.Optional(
      Type.Union([
        Type.Literal('unscoped'),
        Type.Object({
          project: Type.Optional(
            Type.Object({ id: Type.Optional(Name), name: Type.Optional(Name), domain: Type.Optional(Domain) }),
          ),
          domain: Type.Optional(Domain),
          system: Type.Optional(Type.Unknown()),
        }),
      ]),
    ),
  }),
});
type AuthRequest = Static<typeof AuthRequest>;

/**
 * @param source address of who asks
 * @returns a token and whom it stands for
 * @throws Refusal `request-unauthorized` for every kind of no; AssayError `password-limit`
 */
export async function authenticate(
  db: Kysely<Tables>,
  tokens: Tokens,
  { auth }: AuthRequest,
  source: string,
): Promise<{ token: string; caller: Caller }> {
  const { methods } = auth.identity;
  if (methods.length !== 1) throw unauthorized(); // several would all have to succeed; nobody asks for that here
  const proof =
    methods[0] === 'password' ? await byPassword(db, auth, source) : await byToken(db, tokens, auth, methods[0]);
  const projectId = await scopeOf(db, auth);
  const { token, claims } = await tokens.issue(
    { userId: proof.user.id, projectId, methods: proof.methods },
    proof.notAfter,
  );
  const caller = await callerFor(db, claims);
  if (!caller) throw unauthorized();
  return { token, caller };
}

type Proof = { user: User; methods: string[]; notAfter: number };

async function byPassword(db: Kysely<Tables>, { identity }: AuthRequest['auth'], source: string): Promise<Proof> {
  const claimed = identity.password?.user;
  if (!claimed) throw unauthorized();
  const user =
    claimed.id !== undefined
      ? await userById(db, claimed.id)
      : claimed.name !== undefined && isOurs(claimed.domain)
        ? await userByName(db, claimed.name)
        : undefined;
  const fits = await passwordFits(claimed.password, user?.password_hash, source);
  if (!user || !fits || !user.enabled) throw unauthorized();
  return { user, methods: ['password'], notAfter: Number.POSITIVE_INFINITY };
}

/** A token for another project: never lives longer than the one it was made from. */
async function byToken(
  db: Kysely<Tables>,
  tokens: Tokens,
  { identity }: AuthRequest['auth'],
  method: string | undefined,
): Promise<Proof> {
  const caller = method === 'token' ? await callerOf(db, tokens, identity.token?.id) : undefined;
  if (!caller) throw unauthorized();
  const methods = [...new Set([...caller.token.methods, 'token'])];
  return { user: caller.user, methods, notAfter: caller.token.expiresAt };
}

async function scopeOf(db: Kysely<Tables>, { scope }: AuthRequest['auth']): Promise<string | null> {
  if (scope === undefined || scope === 'unscoped') return null;
  const wanted = scope.project;
  if (!wanted || scope.domain || scope.system) throw unauthorized();
  let project: Project | undefined;
  if (wanted.id !== undefined) project = await projectById(db, wanted.id);
  else if (wanted.name !== undefined && isOurs(wanted.domain)) project = await projectByName(db, wanted.name);
  if (!project) throw unauthorized();
  return project.id;
}

function isOurs(named: Static<typeof Domain> | undefined): boolean {
  return (
    named?.id === domain.id || (named?.id === undefined && named?.name?.toLowerCase() === domain.name.toLowerCase())
  );
}
