// OpenAttestation's API as its stock clients call it: two base paths, its own header names, its own shape of error.
import type { Failure, HttpsServer } from '@assay/daemon/https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReadStandards } from '../standards/standards.ts';
import type { Db } from '../storage/schema.ts';
import { pollHosts } from './poll-hosts.ts';

/** OpenAttestation 1.5 and later, and before. */
const bases = ['/AttestationService/resources', '/OpenAttestationWebServices/V1.0'];
/** Clients whose configured base ends with a slash ask for `//PollHosts`. */
const paths = bases.flatMap((base) => [`${base}/PollHosts`, `${base}/PollHosts/`, `${base}//PollHosts`]);
/** 100,000 names of 40 characters. */
const bodyLimit = 4 * 1024 * 1024;

type Needs = Parameters<typeof pollHosts>[0] & { db: Db; standards: ReadStandards };

export function oatRoutes(server: HttpsServer, needs: Needs): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) =>
    reply.send(pollHosts(needs, await needs.standards(needs.db), request.body));
  for (const url of paths)
    server.route({ method: ['POST', 'PUT'], url, bodyLimit, config: { access: 'read' }, handler });
}

/** Whether a request is for this API, so that its failures are told in OpenAttestation's words. */
export const isOat = (url: string): boolean => bases.some((base) => url.startsWith(`${base}/`));

/** `error_code` is a name, as OpenAttestation 2 has them; its clients look such names up. */
export function renderOat({ status, message }: Failure): { error_code: string; error_message: string } {
  if (status === 401) return { error_code: 'HTTP_UNAUTHORIZED', error_message: 'HTTP 401 UNAUTHORIZED' };
  if (status === 403)
    return {
      error_code: 'HTTP_FORBIDDEN',
      error_message: 'HTTP 403 FORBIDDEN: this takes a secret of auth_blob_file, not one that only asks',
    };
  if (status >= 500) return { error_code: 'SYSTEM_ERROR', error_message: `System error: ${message}` };
  return { error_code: 'AS_MISSING_INPUT', error_message: `Missing or invalid input: ${message}` };
}
