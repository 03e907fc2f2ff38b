// May this instance start on this host now? The attestation server is asked, and its permission checked as if it came from
// a stranger, before anything of the instance leaves us.
import { isDeepStrictEqual } from 'node:util';
import { AssayError, escaped } from '@assay/core';
import { type Clock, httpsRequest } from '@assay/daemon';
import { parse, type TagDemands, Ticket as TicketAnswer, Trust } from '@assay/protocol';
import { Type } from 'typebox';
import { type CheckTicket, type Ticket, ticketCheck } from '../link/index.ts';
import type { AttestationAccess } from '../scheduler/index.ts';

export type Tickets = {
  /**
   * @param pool whose policy has to find the host trusted; null: the default one's
   * @param tags that its TPM has to certify; null: none
   * @throws TicketRefused; AssayError `ticket-…` or `https-…` when there is no answer to act on
   */
  obtain(instance: string, host: string, pool: string | null, tags: TagDemands | null): Promise<Ticket>;
  check: CheckTicket;
};

/** The attestation server's no, with the trust it has in the host. */
export class TicketRefused extends AssayError {
  readonly trust: Trust;
  constructor(host: string, trust: Trust, message: string) {
    super('ticket-refused', `host ${host}`, 'a ticket', message, { cause: `ticket refused: ${escaped(message)}` });
    this.trust = trust;
  }
}

const Refusal = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String(), trust: Type.Optional(Trust) }),
});

// The host is challenged anew before a ticket is signed: a slow TPM needs seconds.
const deadlineMs = 15_000;

export function ticketsOf(access: AttestationAccess | undefined, clock: Clock, closing: AbortSignal): Tickets {
  if (!access) {
    const none = async () => {
      throw new AssayError(
        'ticket-keys',
        'nova.conf [trusted_computing] attestation_server',
        'an attestation server',
        'none',
      );
    };
    return { obtain: none, check: none };
  }
  const { origin, ca, authBlob } = access;
  const check = ticketCheck(access, clock);
  const url = `${origin}/v1/tickets`;
  return {
    check,
    async obtain(instance, host, pool, tags) {
      const { status, body } = await httpsRequest({
        url,
        method: 'POST',
        headers: { 'x-auth-blob': authBlob },
        body: { instance_id: instance, host, ...(pool !== null && { pool }), ...(tags && { tags }) },
        ca,
        timeoutMs: deadlineMs,
        signal: closing,
      });
      const text = body.toString('utf8');
      if (status === 409) {
        const { error } = parse(Refusal, text, url);
        throw new TicketRefused(host, error.trust ?? 'unknown', error.message);
      }
      if (status !== 200) throw new AssayError('ticket-status', url, 'status 200 or 409', status);
      const ticket = await check(parse(TicketAnswer, text, url).ticket, { instance, host, pool });
      // A server of before tags signs without looking at them.
      if (tags && !isDeepStrictEqual(ticket.claims.tags, tags))
        throw new AssayError(
          'ticket-invalid',
          `ticket for instance ${instance}`,
          'one that names the tags',
          'one without',
        );
      return ticket;
    },
  };
}
