// What a resource of the OAT API is: routes, each under every spelling of its path that clients use, with OpenAttestation's media types.
import type { HttpsServer } from '@assay/daemon/https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../rest/access.ts';
import type { RestNeeds } from '../rest/resource.ts';
import { bodyOf, queryOf, type Told } from './input.ts';

export const attestationService = '/AttestationService/resources';
export const whiteListService = '/WLMService/resources';

/** Adds its routes. */
export type OatResource = (server: HttpsServer, needs: RestNeeds) => void;

export type OatRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly base: string;
  /** Without a slash before it: `mles/manifest`. */
  readonly path: string;
  readonly access: Exclude<Access, 'open'>;
  /** Of the answer, when it is not JSON; `true` and other text are sent as they are. */
  readonly media?: 'text/plain' | 'application/xml';
  answer(query: Told, body: Told, request: FastifyRequest): Promise<unknown>;
};

/** Clients whose base ends with a slash ask for `//oem`; some end with one. */
export const spellings = (base: string, path: string): string[] => [
  `${base}/${path}`,
  `${base}/${path}/`,
  `${base}//${path}`,
];

export function addOatRoutes(server: HttpsServer, routes: readonly OatRoute[]): void {
  for (const { method, base, path, access, media = 'application/json', answer } of routes) {
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const body = method === 'POST' || method === 'PUT' ? bodyOf(request.body) : {};
      const told = await answer(queryOf(request.raw.url ?? ''), body, request);
      return reply.type(media).send(media === 'application/json' ? JSON.stringify(told) : String(told));
    };
    for (const url of spellings(base, path)) server.route({ method, url, config: { access }, handler });
  }
}
