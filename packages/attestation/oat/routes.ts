// OpenAttestation's API as its stock clients call it: two base paths, its own header names, its own shape of error.
import type { HttpsServer } from '@assay/daemon/https';
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
