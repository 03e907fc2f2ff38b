// The ticket: a start permission for one instance on one host, signed by the attestation server on a fresh `trusted`.
// A JWT (RFC 7519) signed with ES256; verified with the keys of `GET /v1/keys` (RFC 7517).
import { type Static, Type } from 'typebox';
import { AkName, HostName, Uuid } from './bytes.ts';
import { PoolName } from './policy.ts';
import { TagDemands } from './tags.ts';

/** `typ` header of a ticket, so that no other token of ours can pass for one (RFC 8725, 3.11). */
export const ticketType = 'assay-ticket+jwt';
export const ticketIssuer = 'assay-attestation-server';
export const ticketAudience = 'assay-compute';
/** A ticket never lives longer than this. */
export const ticketLifetimeMaxS = 30;

export const TicketClaims = Type.Object({
  iss: Type.Literal(ticketIssuer),
  aud: Type.Literal(ticketAudience),
  /** Instance UUID. */
  sub: Uuid,
  host: HostName,
  /** The pool the host is trusted in; absent: the default one. */
  pool: Type.Optional(PoolName),
  /** Asset tags that were asked for, and certified; absent: none were. */
  tags: Type.Optional(TagDemands),
  /** Of the AK that vouched for the host. */
  ak_name: AkName,
  iat: Type.Integer(),
  exp: Type.Integer(),
  jti: Uuid,
});
export type TicketClaims = Static<typeof TicketClaims>;
