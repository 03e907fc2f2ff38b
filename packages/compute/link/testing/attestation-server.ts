// An attestation server as a stranger sees it: PollHosts, tickets and keys over HTTPS. What it says of a host is set by the test.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Issued, TestPki } from '@assay/daemon/testing';
import {
  defaultPool,
  type TagDemands,
  type Tags,
  type Trust,
  ticketAudience,
  ticketIssuer,
  ticketType,
  unmetTags,
} from '@assay/protocol';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { AttestationAccess } from '../../scheduler/options.ts';

export type TicketWish = { instance_id: string; host: string; pool?: string; tags?: TagDemands };
export type AttestationPeer = {
  origin: string;
  access: AttestationAccess;
  /** What it says in the default pool; a host that is absent is unknown. */
  trust: Map<string, Trust>;
  /** Asset tags it says are certified. */
  tags: Map<string, Tags>;
  /** In other pools: pool → host → what it says. */
  pools: Map<string, Map<string, Trust>>;
  akNames: Map<string, string>;
  /** Every request it got: `POST /v1/tickets`. */
  requests: string[];
  /** Called before each ticket is decided, for tests that change something just then. */
  beforeTicket: (wish: TicketWish) => unknown;
  /** A ticket with claims (and header) of the test's choosing. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** New key; the old one is forgotten. */
  rotate(): Promise<void>;
  listen(): Promise<void>;
  /** Goes away: connections are refused. */
  close(): Promise<void>;
};

export const akNameOf = (host: string): string =>
  `000b${Buffer.from(host).toString('hex').padEnd(64, '0').slice(0, 64)}`;

export async function attestationPeer({ cert, key: tlsKey }: Issued, { ca }: TestPki): Promise<AttestationPeer> {
  const authBlob = 'the secret of this test';
  let key = await newKey();
  const server = createServer({ cert, key: tlsKey }, async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    peer.requests.push(`${request.method} ${request.url}`);
    const answer = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/v1/keys') return answer(200, { keys: [key.jwk] });
    if (request.headers['x-auth-blob'] !== authBlob)
      return answer(401, { error: { code: 'unauthorized', message: '' } });
    const trust = (host: string, pool = defaultPool) =>
      (pool === defaultPool ? peer.trust : peer.pools.get(pool))?.get(host) ?? 'unknown';
    if (request.url?.endsWith('/PollHosts')) {
      const { hosts, pool } = JSON.parse(body) as { hosts: string[]; pool?: string };
      const vtime = new Date().toISOString();
      const expires = new Date(Date.now() + 90_000).toISOString();
      return answer(200, {
        hosts: hosts.map((host) => ({
          host_name: host,
          trust_lvl: trust(host, pool),
          vtime,
          expires,
          age_ms: 1_000,
          ...(peer.tags.has(host) && { tags: peer.tags.get(host) }),
        })),
      });
    }
    if (request.url === '/v1/tickets') {
      const wish = JSON.parse(body) as TicketWish;
      await peer.beforeTicket(wish);
      const told = trust(wish.host, wish.pool);
      if (told !== 'trusted') {
        const message = `host ${wish.host} is ${told}: a test says so`;
        return answer(409, { error: { code: 'ticket-refused', message, trust: told } });
      }
      if (wish.tags && unmetTags(wish.tags, peer.tags.get(wish.host)).length > 0) {
        const message = `host ${wish.host} has not the tags`;
        return answer(409, { error: { code: 'ticket-refused', message, trust: told } });
      }
      const ticket = await peer.sign({
        sub: wish.instance_id,
        host: wish.host,
        ...(wish.pool !== undefined && wish.pool !== defaultPool && { pool: wish.pool }),
        ...(wish.tags && { tags: wish.tags }),
        ak_name: peer.akNames.get(wish.host) ?? akNameOf(wish.host),
      });
      return answer(200, { ticket, expires_at: new Date(Date.now() + 20_000).toISOString() });
    }
    return answer(404, { error: { code: 'request-not-found', message: '' } });
  });
  let port = 0;
  const peer: AttestationPeer = {
    origin: '',
    access: { origin: '', apiUrl: '/AttestationService/resources', authBlob, ca },
    trust: new Map(),
    tags: new Map(),
    pools: new Map(),
    akNames: new Map(),
    requests: [],
    beforeTicket: () => undefined,
    sign(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({
        iss: ticketIssuer,
        aud: ticketAudience,
        iat: now,
        exp: now + 20,
        jti: randomUUID(),
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', typ: ticketType, kid: key.jwk.kid as string, ...header })
        .sign(key.privateKey);
    },
    async rotate() {
      key = await newKey();
    },
    async listen() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
      peer.origin = `https://127.0.0.1:${port}`;
      peer.access.origin = peer.origin;
    },
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  await peer.listen();
  return peer;
}

async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk: { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' } };
}
