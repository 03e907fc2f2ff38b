// How is one read answered? Identity first, then the tree; a line in the log of who read what, never of what it said.
import { randomBytes } from 'node:crypto';
import type { Records } from '@assay/compute/records';
import type { HttpsServer } from '@assay/daemon/https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { htmlPage, htmlType } from '../html-page.ts';
import { identify } from './identify.ts';
import { namesOf } from './path.ts';
import type { Answer, Source } from './trees/answer.ts';
import { ec2Tree, ec2Versions } from './trees/ec2.ts';
import { openstackTree } from './trees/openstack.ts';

export type MetadataNeeds = {
  records: Pick<Records, 'instance'>;
  secret: string;
  dhcpDomain: string;
  vendorData: unknown;
  /** The host that speaks: what the connection's client certificate names. @throws AssayError `tls-peer` */
  peerOf: (request: FastifyRequest) => string;
};

export function metadataRoutes(server: HttpsServer, needs: MetadataNeeds): void {
  server.get('/*', async (request, reply) => {
    const peer = needs.peerOf(request as unknown as FastifyRequest);
    const names = namesOf(request.raw.url ?? '/');
    const path = names && `/${names.join('/')}`;
    if (names?.length === 0 || path === '/ec2') return send(reply, ec2Versions);
    const asker = await identify(request.headers, peer, needs);
    if (!('instance' in asker)) {
      request.log.warn({ host: peer, path, status: asker.status, reason: asker.reason }, 'metadata refused');
      return refuse(reply, asker.status, asker.explanation);
    }
    const { instance } = asker;
    const answer = names && treeAt(names, { ...needs, instance, randomBytes });
    const who = { instance: instance.id, project: instance.projectId, host: peer };
    request.log.info({ ...who, path, status: answer ? 200 : 404 }, 'metadata read');
    return answer ? send(reply, answer) : refuse(reply, 404);
  });
}

function treeAt([first, ...rest]: readonly string[], source: Source): Answer | undefined {
  if (first === 'openstack') return openstackTree(rest, source);
  if (first === 'ec2') return ec2Tree(rest, source);
  return first === undefined ? ec2Versions : ec2Tree([first, ...rest], source);
}

function send(reply: Pick<FastifyReply, 'header' | 'type' | 'send'>, { type, body }: Answer) {
  reply.header('cache-control', 'no-store').type(type);
  return reply.send(body);
}

function refuse(reply: Pick<FastifyReply, 'header' | 'type' | 'send' | 'code'>, status: number, explanation?: string) {
  reply.code(status).header('cache-control', 'no-store').type(htmlType);
  return reply.send(Buffer.from(htmlPage(status, explanation)));
}
