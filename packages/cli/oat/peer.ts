// A server of OpenAttestation's API, whoever made it: asked, and its answer as it came. Any status is an answer; sizes and times have an end.
import type { Agent } from 'node:https';
import { AssayError } from '@assay/core';
import { httpsRequest } from '@assay/daemon';
import { agentOf, look, type Place, type Seen, type Trust, untrusted } from './line.ts';

export type Answer = {
  status: number;
  /** Media type without parameters, lower case; empty: none. */
  type: string;
  text: string;
  /** Undefined: no JSON. */
  json: unknown;
  ms: number;
  /** By this machine's clock, when its last byte came. */
  at: Date;
  /** The server's own clock, in ms; NaN: not told. */
  date: number;
};
export type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
export type Peer = {
  readonly url: URL;
  readonly place: Place;
  readonly seen: Seen;
  /** With the secret, if there is one. @throws AssayError `https-…`, `oat-tls` when there is no answer at all */
  readonly ask: Ask;
  /** As somebody who has other headers, or none. */
  readonly askAs: (headers: Record<string, string>) => Ask;
  close(): void;
};
export type PeerOptions = Trust & { url: string; authBlob?: string | undefined };

/** Generations A and B hold a request for up to 50 s until the hosts have answered. */
const timeoutMs = 70_000;
/** 100,000 hosts of 500 bytes. */
const maxBytes = 64 << 20;

/** @throws AssayError `cli-server` for what is no such address; `https-unreachable` */
export async function peerAt(options: PeerOptions): Promise<Peer> {
  const url = URL.parse(options.url);
  if (url?.protocol !== 'https:')
    throw new AssayError('cli-server', '--url', 'https://HOST:PORT of an OpenAttestation server', options.url);
  const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443) };
  const seen = await look(place, options);
  const agent = agentOf(place, options, seen);
  const secret: Record<string, string> = options.authBlob === undefined ? {} : { 'x-auth-blob': options.authBlob };
  return {
    ...{ url, place, seen },
    ask: asking(url, agent, secret),
    askAs: (headers) => asking(url, agent, headers),
    close: () => agent.destroy(),
  };
}

/** @throws AssayError `oat-tls` when its certificate is not to be trusted */
export function trusted(peer: Peer, { first }: Trust): Peer {
  const trouble = first ? undefined : untrusted(peer.place, peer.seen);
  if (trouble) throw trouble;
  return peer;
}

const asking =
  (url: URL, agent: Agent, secret: Record<string, string>): Ask =>
  async (method, path, body, headers) => {
    const start = performance.now();
    const sent = {
      accept: '*/*',
      ...(body !== undefined && { 'content-type': 'application/json' }), // before the body: text gets no type by itself
      ...secret,
      ...headers,
    };
    const answer = await httpsRequest({
      ...{ url: new URL(path, url), method, headers: sent, agent, timeoutMs, maxBytes },
      ...(body !== undefined && { body }),
    });
    const text = answer.body.toString('utf8');
    return {
      status: answer.status,
      type: (answer.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
      text,
      json: jsonOf(text),
      ms: performance.now() - start,
      at: new Date(),
      date: Date.parse(answer.headers.date ?? ''),
    };
  };

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `?mleName=a%20b`; what is undefined is left out. */
export function query(fields: Record<string, string | undefined>): string {
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? '' : `?${given.join('&')}`;
}
