// REST: start permissions.   POST /v1/tickets: challenges the host now, signs only on a fresh `trusted`.
import { type Static, Type } from 'typebox';
import { HostName, Instant, Uuid } from '../bytes.ts';
import { PoolName } from '../policy.ts';
import { TagDemands } from '../tags.ts';

export const TicketRequest = Type.Object({
  instance_id: Uuid,
  host: HostName,
  /** Whose policy has to find the host trusted; absent: the default pool. */
  pool: Type.Optional(PoolName),
  /** Asset tags the host's TPM has to certify now. */
  tags: Type.Optional(TagDemands),
});
export type TicketRequest = Static<typeof TicketRequest>;

/** 200. A host that is not trusted now gets 409 with code `ticket-refused` and the verdict's reason. */
export const Ticket = Type.Object({ ticket: Type.String(), expires_at: Instant });
export type Ticket = Static<typeof Ticket>;
