// Glance v2, for reading: which images are there, what are they, and their bytes. Uploading is not offered (501).
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Failure, HttpsServer, RenderError } from '@assay/daemon/https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import { Type } from 'typebox';
import { htmlError } from '../html-error.ts';
import type { Caller } from '../identity/caller.ts';
import type { Urls } from '../identity/catalog.ts';
import { caller, guard, renderUnauthorized } from '../identity/guard.ts';
import type { Tokens } from '../identity/tokens.ts';
import { Refusal } from '../refusal.ts';
import { allImages, type Image, imageById } from '../storage/images.ts';
import type { Tables } from '../storage/tables.ts';
import { imageSchema, imagesSchema, imageView, versionsView } from './views.ts';

export type ImageContext = { db: Kysely<Tables>; tokens: Tokens; urls: Urls; directory: string };

const Query = Type.Object({
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  visibility: Type.Optional(Type.String()),
  status: Type.Optional(Type.String()),
  owner: Type.Optional(Type.String()),
  container_format: Type.Optional(Type.String()),
  disk_format: Type.Optional(Type.String()),
  os_hidden: Type.Optional(Type.Boolean()),
  limit: Type.Optional(Type.Integer({ minimum: 0 })),
  marker: Type.Optional(Type.String()),
});
const pageSize = 1000;

/** Glance answers errors as HTML pages. */
export function renderImageError(urls: Urls): RenderError {
  return (failure: Failure, reply: FastifyReply | undefined) => {
    if (failure.status === 401) return renderUnauthorized(failure, reply, `${urls.identity}/v3`);
    reply?.type('text/html; charset=UTF-8');
    return htmlError(failure.status, failure.message);
  };
}

export function imageRoutes(server: HttpsServer, { db, tokens, urls, directory }: ImageContext): void {
  guard(server, db, tokens, new Set(['/', '/versions']));
  server.get('/', (_request, reply) => reply.code(300).send(versionsView(urls.image)));
  server.get('/versions', () => versionsView(urls.image));
  server.get('/v2/schemas/image', () => imageSchema);
  server.get('/v2/schemas/images', () => imagesSchema);

  server.get('/v2/images', { schema: { querystring: Query } }, async (request) => {
    const { limit = pageSize, marker, os_hidden = false, name, ...plain } = request.query;
    const fields = Object.entries(plain) as [keyof Image, string][];
    // `name=in:a,b` and `name=in:"a"` are Glance's way to ask for several.
    const names = name?.startsWith('in:') ? name.slice(3).split(',').map(unquoted) : name && [name];
    const found = (await allImages(db)).filter(
      (image) =>
        visible(image, caller(request)) &&
        (image.os_hidden === 1) === os_hidden &&
        (!names || names.includes(image.name)) &&
        fields.every(([field, value]) => image[field] === value),
    );
    const from = marker === undefined ? 0 : found.findIndex((image) => image.id === marker) + 1;
    if (marker !== undefined && from === 0)
      throw new Refusal('request-invalid', `Marker ${marker} could not be found.`);
    const count = Math.min(limit, pageSize);
    const page = found.slice(from, from + count);
    const last = page.at(-1);
    return {
      images: page.map(imageView),
      first: '/v2/images',
      schema: '/v2/schemas/images',
      ...(last && from + count < found.length && { next: `/v2/images?marker=${last.id}&limit=${count}` }),
    };
  });
  server.get<{ Params: { id: string } }>('/v2/images/:id', async (request) => imageView(await found(request)));
  server.get<{ Params: { id: string } }>('/v2/images/:id/file', async (request, reply) => {
    const image = await found(request);
    if (image.size === 0) return reply.code(204).send();
    reply.headers({ 'content-length': image.size, 'content-md5': image.checksum }).type('application/octet-stream');
    return reply.send(createReadStream(join(directory, image.sha256)));
  });
  server.post('/v2/images', () => {
    throw new Refusal(
      'image-not-implemented',
      'Images are registered by the operator on the machine itself; uploading is not offered.',
    );
  });

  async function found(request: FastifyRequest<{ Params: { id: string } }>): Promise<Image> {
    const { id } = request.params;
    const image = await imageById(db, id);
    if (!image || !visible(image, caller(request)))
      throw new Refusal('image-not-found', `No image found with ID ${id}`);
    return image;
  }
}

/** Public ones, one's project's own, and all for an administrator. */
export const visible = (image: Image, { admin, project }: Pick<Caller, 'admin' | 'project'>): boolean =>
  image.visibility === 'public' || admin || (image.owner !== null && image.owner === project?.id);

const unquoted = (word: string) => word.replace(/^"(.*)"$/, '$1');
