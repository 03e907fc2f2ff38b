// How does a guest's question reach the metadata API? In a request of our own making, over a few mutual TLS connections
// that all guests share; of the guest's request there is in it the method, the path and, for a password, the body.
import { Agent } from 'node:https';
import { type HttpsAnswer, httpsRequest } from '@assay/daemon';
import { signInstanceId } from '../signature.ts';
import type { ProxySettings } from './options.ts';
import type { Guest } from './ports.ts';

export type Question = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** Begins with `/`. */
  readonly path: string;
  readonly body?: Buffer;
};

export type Upstream = {
  /** @throws AssayError `https-unreachable`, `https-tls`, `https-timeout`, `https-too-large`, `https-protocol` */
  ask(guest: Guest, question: Question): Promise<HttpsAnswer>;
  close(): void;
};

/** @param timeoutMs less than the 30 s after which guests give up and ask again */
export function createUpstream(settings: ProxySettings, { timeoutMs = 10_000 } = {}): Upstream {
  const { origin, tls, secret } = settings;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 32,
    maxFreeSockets: 32,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca ? { ca: tls.ca } : {}),
  });
  return {
    ask: (guest, { method, path, body }) =>
      httpsRequest({
        url: origin + path,
        method,
        headers: {
          'x-forwarded-for': guest.address,
          'x-instance-id': guest.instance_id,
          'x-tenant-id': guest.project_id,
          'x-instance-id-signature': signInstanceId(secret, guest.instance_id),
        },
        ...(body ? { body } : {}),
        agent,
        timeoutMs,
        maxBytes: 1 << 20,
      }),
    close: () => agent.destroy(),
  };
}
