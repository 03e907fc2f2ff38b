// Is this ticket the attestation server's permission to start this instance on this host, by the policy of its pool, and for how long still?
// Both ends of the link ask: the compute API before it hands anything out, the host before it runs anything.
// Says nothing of the host itself: that it was trusted when the ticket was signed is the signer's word.
import { AssayError } from '@assay/core';
import { type Clock, httpsRequest } from '@assay/daemon';
import {
  check,
  defaultPool,
  TicketClaims,
  ticketAudience,
  ticketIssuer,
  ticketLifetimeMaxS,
  ticketType,
} from '@assay/protocol';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { Type } from 'typebox';

const Keys = Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: 100 }) });

export type Ticket = {
  readonly text: string;
  readonly claims: TicketClaims;
  /** Boot clock, ms: from then on it is void, whatever the wall clock says. */
  readonly voidAtUptimeMs: number;
};

/** @throws AssayError `ticket-expired` when either clock says so */
export function mustBeValid(ticket: Ticket, clock: Clock): void {
  if (clock.now().getTime() < ticket.claims.exp * 1000 && clock.uptimeMs() < ticket.voidAtUptimeMs) return;
  const until = new Date(ticket.claims.exp * 1000).toISOString();
  throw new AssayError(
    'ticket-expired',
    where(ticket.claims.sub),
    'a ticket that is still valid',
    `one until ${until}`,
  );
}

/** Pool null: the default one. */
export type TicketWish = { instance: string; host: string; pool: string | null };

/**
 * @throws AssayError `ticket-invalid` (not theirs, not for this instance, host or pool), `ticket-expired`, `ticket-keys` (the
 * attestation server's keys cannot be had)
 */
export type CheckTicket = (text: string, wanted: TicketWish) => Promise<Ticket>;

const keysMaxAgeMs = 600_000;
const refetchAfterMs = 1_000;

/** @param origin `https://host:port` of the attestation server, whose certificate `ca` vouches for */
export function ticketCheck(
  { origin, ca }: { origin: string; ca: Buffer | undefined },
  clock: Clock,
  timeoutMs = 5_000,
): CheckTicket {
  let known: { keys: ReturnType<typeof createLocalJWKSet>; atMs: number } | undefined;
  let fetching: Promise<void> | undefined;

  const fetched = async (): Promise<void> => {
    const url = `${origin}/v1/keys`;
    try {
      const { status, body } = await httpsRequest({ url, ca, timeoutMs });
      if (status !== 200) throw new AssayError('ticket-keys', url, 'status 200', status);
      const text: unknown = JSON.parse(body.toString('utf8'));
      known = { keys: createLocalJWKSet(check(Keys, text, url) as unknown as JSONWebKeySet), atMs: clock.uptimeMs() };
    } catch (cause) {
      throw new AssayError('ticket-keys', url, 'the attestation server’s keys', cause, { cause });
    }
  };
  const refresh = () => {
    fetching ??= fetched().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };
  const age = () => (known ? clock.uptimeMs() - known.atMs : Infinity);

  return async (text, wanted) => {
    // What was signed with a key that is gone stays void: old keys are not trusted for want of new ones.
    if (age() > keysMaxAgeMs) await refresh();
    const verify = async () => {
      if (!known) throw new AssayError('ticket-keys', origin, 'the attestation server’s keys', 'none');
      return jwtVerify(text, known.keys, {
        algorithms: ['ES256'],
        typ: ticketType,
        issuer: ticketIssuer,
        audience: ticketAudience,
        subject: wanted.instance,
        currentDate: clock.now(),
      });
    };
    const atMs = clock.now().getTime();
    const uptimeMs = clock.uptimeMs();
    try {
      const { payload } = await verify().catch(async (error: unknown) => {
        if (!(error instanceof errors.JWKSNoMatchingKey) || age() < refetchAfterMs) throw error;
        await refresh();
        return verify();
      });
      const claims = check(TicketClaims, payload, where(wanted.instance));
      if (claims.host !== wanted.host) throw invalid(wanted.instance, `host ${wanted.host}`, claims.host);
      const [pool, inPool] = [wanted.pool ?? defaultPool, claims.pool ?? defaultPool];
      if (inPool !== pool) throw invalid(wanted.instance, `pool ${pool}`, inPool);
      if (claims.exp - claims.iat > ticketLifetimeMaxS)
        throw invalid(wanted.instance, `a lifetime of at most ${ticketLifetimeMaxS} s`, claims.exp - claims.iat);
      const leftMs = Math.min(claims.exp * 1000 - atMs, ticketLifetimeMaxS * 1000);
      return { text, claims, voidAtUptimeMs: uptimeMs + leftMs };
    } catch (error) {
      throw told(error, wanted.instance);
    }
  };
}

const where = (instance: string) => `ticket for instance ${instance}`;
const invalid = (instance: string, expected: string, got: unknown, cause?: unknown) =>
  new AssayError('ticket-invalid', where(instance), expected, got, { cause });

function told(error: unknown, instance: string): unknown {
  if (error instanceof errors.JWTExpired)
    return new AssayError('ticket-expired', where(instance), 'a ticket that is still valid', 'an expired one', {
      cause: error,
    });
  if (error instanceof errors.JOSEError)
    return invalid(instance, 'a ticket the attestation server signed for it', `${error.code}: ${error.message}`, error);
  if (error instanceof AssayError && error.code === 'message-schema')
    return invalid(instance, error.expected, `${error.where}: ${String(error.got)}`, error);
  return error;
}
