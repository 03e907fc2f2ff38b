// The door of all three services: no valid token, no entry. The 401 looks as keystonemiddleware's does.
import type { Failure, HttpsServer } from '@assay/daemon/https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import { Refusal } from '../refusal.ts';
import type { Tables } from '../storage/tables.ts';
import { type Caller, callerOf } from './caller.ts';
import type { Tokens } from './tokens.ts';

const callers = new WeakMap<FastifyRequest, Caller>();

/** Every route but those in `open` (paths without query) needs a token; what is no route does too. */
export function guard(server: HttpsServer, db: Kysely<Tables>, tokens: Tokens, open: ReadonlySet<string>): void {
  server.addHook('onRequest', async (request) => {
    if (/%00/.test(request.url)) throw nul();
    if (open.has(request.url.split('?', 1)[0] ?? '')) return;
    const token = request.headers['x-auth-token'];
    const caller = await callerOf(db, tokens, typeof token === 'string' ? token : undefined);
    if (!caller) throw unauthorized();
    callers.set(request, caller);
  });
  server.addHook('preValidation', async (request) => {
    if (request.body !== undefined && /(?<!\\)(\\\\)*\\u0000/.test(JSON.stringify(request.body))) throw nul();
  });
}

/** No text holds U+0000: PostgreSQL cannot store or compare it, and nothing we name has it. */
const nul = () => new Refusal('request-malformed', 'The request holds a null character.');

/** The caller of a guarded route. */
export function caller(request: FastifyRequest): Caller {
  const found = callers.get(request);
  if (!found) throw unauthorized();
  return found;
}

export const unauthorized = (): Refusal =>
  new Refusal('request-unauthorized', 'The request you have made requires authentication.');

/** Body of a 401, with the header that says where to get a token. */
export function renderUnauthorized(
  { message }: Failure,
  reply: FastifyReply | undefined,
  identityUrl: string,
): unknown {
  reply?.header('www-authenticate', `Keystone uri="${identityUrl}"`);
  return { error: { code: 401, title: 'Unauthorized', message } };
}
