// A server as OpenAttestation's containers were: TLS with a certificate of its own CA, HTML where a path is unknown, and HTTP beside it if wanted.
import { createServer as createPlain, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { testPki } from '@assay/daemon/testing';

export type Asked = {
  method: string;
  path: string;
  /** Decoded as Java's containers do: `+` is a space. */
  query: URLSearchParams;
  body: string;
  headers: IncomingHttpHeaders;
};
export type Reply = { status: number; type?: string; body: string };
export type Handler = (asked: Asked) => Reply;
export type OldServer = {
  url: string;
  caFile: string;
  /** 0: HTTP is not served. */
  plainPort: number;
  /** In the order they came. */
  asked: readonly Asked[];
  /** From the next connection on it shows another certificate of the same CA. */
  changeCertificate(san: string): void;
};
export type Certificate = { certFile: string; keyFile: string; cert: Buffer; key: Buffer };
type Wish = { plain?: boolean; tls?: TlsOptions; san?: string };

const pki = testPki();
let issued = 0;

export const html = (status: number, title: string): Reply => ({
  ...{ status, type: 'text/html;charset=utf-8' },
  body: `<html><head><title>Apache Tomcat/6.0.29 - Error report</title></head><body><h1>HTTP Status ${status} - ${title}</h1></body></html>`,
});
export const json = (value: unknown, status = 200): Reply => ({
  ...{ status, type: 'application/json' },
  body: JSON.stringify(value),
});
export const text200 = (body: string): Reply => ({ status: 200, type: 'text/plain', body });

export async function startOldServer(t: TestContext, handler: Handler, wish: Wish = {}): Promise<OldServer> {
  const { cert, key } = pki.issue(`old-${issued++}`, wish.san ?? 'DNS:localhost,IP:127.0.0.1');
  const asked: Asked[] = [];
  const listener: RequestListener = async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://old');
    const one = {
      ...{ method: request.method ?? '', path: url.pathname, query: url.searchParams },
      ...{ body: await text(request), headers: request.headers },
    };
    asked.push(one);
    const { status, type, body } = handler(one);
    response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body);
  };
  const server = createServer({ cert, key, ...wish.tls }, listener);
  const port = await listening(t, server);
  const plainPort = wish.plain ? await listening(t, createPlain(listener)) : 0;
  const changeCertificate = (san: string) => {
    const { cert, key } = pki.issue(`old-${issued++}`, san);
    server.setSecureContext({ cert, key });
  };
  return { url: `https://127.0.0.1:${port}`, caFile: pki.caFile, plainPort, asked, changeCertificate };
}

async function listening(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
