// May this instance start on this host now? Asks the host itself, and signs only on a fresh `trusted`.
// A ticket says nothing of any other instance, host or instant; who starts the instance checks all of it again.
import { randomUUID } from 'node:crypto';
import { AssayError } from '@assay/core';
import type { Clock } from '@assay/daemon';
import {
  check,
  defaultPool,
  type TagDemands,
  type Ticket,
  TicketClaims,
  type TicketRequest,
  type Trust,
  ticketAudience,
  ticketIssuer,
  ticketLifetimeMaxS,
  ticketType,
  unmetTags,
  unmetText,
  type Verdict,
} from '@assay/protocol';
import { SignJWT } from 'jose';
import type { Registry } from '../registry/registry.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import type { TicketKey } from './key.ts';

export type TicketNeeds = {
  clock: Clock;
  registry: Pick<Registry, 'current'>;
  switchboard: Pick<Switchboard, 'attestNow'>;
  ticketKey: TicketKey;
};

/** Why there is no ticket. */
export type Refusal = { trust: Trust; reason: string };

/** How long the host may take in all: waiting for a round under way, and its own. */
const deadlineMs = 10_000;

export async function issueTicket(
  { clock, registry, switchboard, ticketKey }: TicketNeeds,
  { instance_id, host, pool = defaultPool, tags: asked }: TicketRequest,
): Promise<Ticket | Refusal> {
  const demands = asked ?? {};
  const before = registry.current(host, pool).verdict;
  if (before.findings[0]?.code === 'host-unknown') return before;
  try {
    const { verdicts } = await switchboard.attestNow(host, { deadlineMs });
    const fresh = verdicts.find((one) => one.pool === pool);
    if (!fresh) return { trust: 'unknown', reason: `not in pool ${pool}` };
    if (fresh.trust !== 'trusted') return fresh;
    if (lacks(demands, fresh)) return tagsRefused(demands, fresh);
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { trust: 'unknown', reason: error.message };
  }
  // What readers are told counts, not what this round came to: a later one may have ended meanwhile.
  const { verdict, usableUntil } = registry.current(host, pool);
  if (verdict.trust !== 'trusted') return verdict;
  if (lacks(demands, verdict)) return tagsRefused(demands, verdict);

  const iat = Math.floor(clock.now().getTime() / 1000);
  const exp = Math.min(iat + ticketLifetimeMaxS, Math.floor(usableUntil.getTime() / 1000));
  if (exp <= iat) return { trust: 'unknown', reason: 'the verdict is about to expire' };
  const claims = check(
    TicketClaims,
    {
      iss: ticketIssuer,
      aud: ticketAudience,
      sub: instance_id,
      host,
      ...(pool !== defaultPool && { pool }),
      ...(asked && { tags: asked }),
      ak_name: verdict.ak_name,
      iat,
      exp,
      jti: randomUUID(),
    },
    'ticket',
  );
  const ticket = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: ticketType, kid: ticketKey.kid })
    .sign(ticketKey.privateKey);
  return { ticket, expires_at: new Date(exp * 1000).toISOString() };
}

const lacks = (demands: TagDemands, { tags }: Verdict): boolean => unmetTags(demands, tags).length > 0;

const tagsRefused = (demands: TagDemands, { trust, tags }: Verdict): Refusal => ({
  trust,
  reason: `but ${unmetTags(demands, tags).map(unmetText).join('; ')}`,
});
