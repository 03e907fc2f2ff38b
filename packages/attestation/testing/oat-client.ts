// An OpenAttestation client for a test: what crosses the network, byte for byte.
import { httpsRequest } from '@assay/daemon';
import type { TestServer } from './server.ts';

export type OatAnswer = { readonly status: number; readonly media: string; readonly body: string };

/** `POST /WLMService/resources/oem`, with the right secret unless `headers` say otherwise. */
export type OatClient = (request: string, body?: string, headers?: Record<string, string>) => Promise<OatAnswer>;

export const oatClient =
  ({ url, ca, blob }: Pick<TestServer, 'url' | 'ca' | 'blob'>): OatClient =>
  async (request, body, headers = {}) => {
    const [method = '', path = ''] = request.split(' ');
    const answer = await httpsRequest({
      ...{ url: `${url}${path}`, method, ca, timeoutMs: 20_000 },
      headers: { 'x-auth-blob': blob, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: Buffer.from(body) }),
    });
    const media = String(answer.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
    return { status: answer.status, media, body: answer.body.toString() };
  };
