// OpenAttestation's API as its stock clients call it: two base paths, its own header names, its own shape of error.
import type { HttpsServer } from '@assay/daemon/https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RestNeeds } from '../rest/resource.ts';
import { hosts } from './hosts/hosts.ts';
import { reports } from './hosts/reports.ts';
import { notOffered } from './not-offered.ts';
import { pollHosts } from './poll-hosts/poll-hosts.ts';
import type { OatResource } from './resource.ts';
import { mleSources } from './white-list/mle-sources.ts';
import { mles } from './white-list/mles.ts';
import { oems, oses } from './white-list/owners.ts';
import { pcrEntries } from './white-list/pcr-entries.ts';

const resources: readonly OatResource[] = [oems, oses, mles, pcrEntries, mleSources, hosts, reports, notOffered];

/** OpenAttestation 1.5 and later, and before. */
const bases = ['/AttestationService/resources', '/OpenAttestationWebServices/V1.0'];
/** Clients whose configured base ends with a slash ask for `//PollHosts`. */
const paths = bases.flatMap((base) => [`${base}/PollHosts`, `${base}/PollHosts/`, `${base}//PollHosts`]);
/** 100,000 names of 40 characters. */
const bodyLimit = 4 * 1024 * 1024;

export function oatRoutes(server: HttpsServer, needs: RestNeeds): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) =>
    reply.send(await pollHosts(needs, await needs.standards(needs.db), request.body, request.ip));
  for (const url of paths)
    server.route({ method: ['POST', 'PUT'], url, bodyLimit, config: { access: 'read' }, handler });
  for (const addRoutes of resources) addRoutes(server, needs);
}
