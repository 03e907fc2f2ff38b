// Metadata of a server: pairs its owner sets and its guest reads.
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Refusal } from '../../refusal.ts';
import { changeInstance, instanceById } from '../../storage/instances.ts';
import { quotasOf } from '../../storage/quotas.ts';
import { bodyOf } from '../body.ts';
import type { ApiContext, Resource } from '../context.ts';
import { instanceOf } from './find.ts';
import { Metadata } from './request.ts';

const Pairs = Type.Object({ metadata: Metadata }, { additionalProperties: false });
const Pair = Type.Object({ meta: Metadata }, { additionalProperties: false });

type Data = Record<string, string>;
type At = { Params: { id: string } };
type AtKey = { Params: { id: string; key: string } };

export const serverMetadata: Resource = (server, context) => {
  server.get<At>('/v2.1/servers/:id/metadata', async (request) => ({
    metadata: (await instanceOf(context, request, request.params.id)).metadata,
  }));
  server.post<At>('/v2.1/servers/:id/metadata', async (request) => {
    const { metadata } = bodyOf(request, Pairs);
    return { metadata: await change(context, request, (before) => ({ ...before, ...metadata })) };
  });
  server.put<At>('/v2.1/servers/:id/metadata', async (request) => {
    const { metadata } = bodyOf(request, Pairs);
    return { metadata: await change(context, request, () => metadata) };
  });
  server.get<AtKey>('/v2.1/servers/:id/metadata/:key', async (request) => {
    const { metadata } = await instanceOf(context, request, request.params.id);
    return { meta: { [request.params.key]: present(metadata, request.params.key) } };
  });
  server.put<AtKey>('/v2.1/servers/:id/metadata/:key', async (request) => {
    const { meta } = bodyOf(request, Pair);
    const { key } = request.params;
    if (Object.keys(meta).length !== 1 || !Object.hasOwn(meta, key))
      throw new Refusal('request-invalid', 'Request body and URI mismatch');
    await change(context, request, (before) => ({ ...before, ...meta }));
    return { meta };
  });
  server.delete<AtKey>('/v2.1/servers/:id/metadata/:key', async (request, reply) => {
    const { key } = request.params;
    await change(context, request, (before) => {
      present(before, key);
      const { [key]: _, ...rest } = before;
      return rest;
    });
    return reply.code(204).send();
  });
};

/** Read and written in one transaction, so that of two changes at once none is lost. */
async function change(context: ApiContext, request: FastifyRequest<At>, to: (before: Data) => Data): Promise<Data> {
  const { db, clock } = context;
  const { id, project_id } = await instanceOf(context, request, request.params.id);
  const { metadata_items: limit } = await quotasOf(db, project_id);
  return db.transaction().execute(async (trx) => {
    const before = await changeInstance(trx, id, {}, clock.now()); // locks the row
    const metadata = to(before?.metadata ?? (await instanceById(trx, id))?.metadata ?? {});
    if (limit >= 0 && Object.keys(metadata).length > limit)
      throw new Refusal('quota-forbidden', `Maximum number of metadata items exceeds ${limit}`);
    await changeInstance(trx, id, { metadata }, clock.now());
    return metadata;
  });
}

function present(metadata: Data, key: string): string {
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  if (value === undefined) throw new Refusal('metadata-not-found', 'Metadata item was not found');
  return value;
}
