// Flavors: what sizes of server there are. Administrators make and delete them.
import { randomUUID } from 'node:crypto';
import { AssayError } from '@assay/core';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { caller } from '../identity/guard.ts';
import { Refusal } from '../refusal.ts';
import { allFlavors, deleteFlavor, type Flavor, flavorById, insertFlavor } from '../storage/flavors.ts';
import { bodyOf } from './body.ts';
import { type ApiContext, links, type Resource } from './context.ts';
import { has } from './microversions.ts';
import { adminOnly } from './policy.ts';

/** A whole number, or its digits in a string: Nova takes both. */
const whole = (min: number) =>
  Type.Union([Type.Integer({ minimum: min, maximum: 0x7fffffff }), Type.String({ pattern: '^[0-9]{1,9}$' })]);
const CreateFlavor = Type.Object({
  flavor: Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 255, pattern: '^(?! )[^\\p{Cc}\\p{Cf}]+(?<! )$' }),
      id: Type.Optional(
        Type.Union([
          Type.Null(),
          Type.Integer(),
          Type.String({ maxLength: 255, pattern: '^(?! )[a-zA-Z0-9. _-]*(?<! )$' }),
        ]),
      ),
      ram: whole(1),
      vcpus: whole(1),
      disk: whole(0),
      swap: Type.Optional(whole(0)),
      'OS-FLV-EXT-DATA:ephemeral': Type.Optional(whole(0)),
      rxtx_factor: Type.Optional(
        Type.Union([
          Type.Number({ exclusiveMinimum: 0, maximum: 1e9 }),
          Type.String({ pattern: '^[0-9]{1,9}(\\.[0-9]{1,9})?$' }),
        ]),
      ),
      'os-flavor-access:is_public': Type.Optional(
        Type.Union([Type.Boolean(), Type.String({ pattern: '^(?i:true|false)$' })]),
      ),
      description: Type.Optional(Type.Union([Type.Null(), Type.String({ maxLength: 65535 })])),
    },
    { additionalProperties: false },
  ),
});

type Query = { is_public?: string; minRam?: string; minDisk?: string; limit?: string; marker?: string };

export const flavors: Resource = (server, context) => {
  const { db, clock } = context;
  const brief = (request: FastifyRequest, { id, name, description }: Flavor) => ({
    id,
    name,
    links: links(context.urls, `flavors/${id}`),
    ...(has(request, 'flavorDescription') && { description }),
  });
  server.get<{ Querystring: Query }>('/v2.1/flavors', async (request) => ({
    flavors: (await listed(context, request)).map((one) => brief(request, one)),
  }));
  server.get<{ Querystring: Query }>('/v2.1/flavors/detail', async (request) => ({
    flavors: (await listed(context, request)).map((one) => flavorView(context, request, one)),
  }));
  server.get<{ Params: { id: string } }>('/v2.1/flavors/:id', async (request) => ({
    flavor: flavorView(context, request, await flavorOf(context, request, request.params.id)),
  }));
  server.post('/v2.1/flavors', async (request) => {
    adminOnly(request, 'os-flavor-manage:create');
    const wanted = bodyOf(request, CreateFlavor).flavor;
    const id =
      wanted.id === undefined || wanted.id === null || wanted.id === 'auto' || wanted.id === ''
        ? randomUUID()
        : String(wanted.id);
    const row = {
      id,
      name: wanted.name,
      memory_mb: Number(wanted.ram),
      vcpus: Number(wanted.vcpus),
      root_gb: Number(wanted.disk),
      ephemeral_gb: Number(wanted['OS-FLV-EXT-DATA:ephemeral'] ?? 0),
      swap_mb: Number(wanted.swap ?? 0),
      rxtx_factor: Number(wanted.rxtx_factor ?? 1),
      is_public: String(wanted['os-flavor-access:is_public'] ?? true).toLowerCase() === 'true' ? 1 : 0,
      disabled: 0,
      description: wanted.description ?? null,
      created_at: clock.now().toISOString(),
    };
    if (row.memory_mb < 1 || row.vcpus < 1)
      throw new Refusal('request-invalid', 'Invalid input: ram and vcpus must be at least 1.');
    try {
      await insertFlavor(db, row);
    } catch (cause) {
      if (!(cause instanceof AssayError) || cause.code !== 'storage-exists') throw cause;
      const which = (await flavorById(db, id)) ? `ID ${id}` : `name ${row.name}`;
      throw new Refusal('flavor-exists', `Flavor with ${which} already exists.`, { cause });
    }
    return { flavor: flavorView(context, request, { ...row, extra_specs: {} }) };
  });
  server.delete<{ Params: { id: string } }>('/v2.1/flavors/:id', async (request, reply) => {
    adminOnly(request, 'os-flavor-manage:delete');
    if (!(await deleteFlavor(db, request.params.id))) throw noFlavor(request.params.id);
    return reply.code(202).send();
  });
};

/** A flavor the caller may see. @throws Refusal `flavor-not-found` */
export async function flavorOf({ db }: Pick<ApiContext, 'db'>, request: FastifyRequest, id: string): Promise<Flavor> {
  const flavor = await flavorById(db, id);
  if (!flavor || (!flavor.is_public && !caller(request).admin)) throw noFlavor(id);
  return flavor;
}

const noFlavor = (id: string): Refusal => new Refusal('flavor-not-found', `Flavor ${id} could not be found.`);

function flavorView({ urls }: ApiContext, request: FastifyRequest, flavor: Flavor) {
  return {
    id: flavor.id,
    name: flavor.name,
    ram: flavor.memory_mb,
    disk: flavor.root_gb,
    swap: flavor.swap_mb || (has(request, 'swapIsZero') ? 0 : ''),
    'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeral_gb,
    'OS-FLV-DISABLED:disabled': flavor.disabled === 1,
    vcpus: flavor.vcpus,
    'os-flavor-access:is_public': flavor.is_public === 1,
    rxtx_factor: flavor.rxtx_factor,
    links: links(urls, `flavors/${flavor.id}`),
    ...(has(request, 'flavorDescription') && { description: flavor.description }),
    ...(has(request, 'extraSpecsInFlavors') && { extra_specs: flavor.extra_specs }),
  };
}

/** `is_public=None` is an administrator's way to ask for all. */
async function listed({ db }: ApiContext, request: FastifyRequest<{ Querystring: Query }>): Promise<Flavor[]> {
  const { is_public: asked, minRam, minDisk, limit, marker } = request.query;
  const { admin } = caller(request);
  const wanted =
    !admin || asked === undefined
      ? true
      : asked.toLowerCase() === 'none'
        ? undefined
        : /^(true|1|yes|on|t|y)$/i.test(asked);
  const found = (await allFlavors(db)).filter(
    (flavor) =>
      (wanted === undefined || (flavor.is_public === 1) === wanted) &&
      flavor.memory_mb >= number(minRam, 'minRam') &&
      flavor.root_gb >= number(minDisk, 'minDisk'),
  );
  const from = marker === undefined ? 0 : found.findIndex((flavor) => flavor.id === marker) + 1;
  if (marker !== undefined && from === 0) throw new Refusal('request-invalid', `marker [${marker}] not found`);
  return found.slice(from, limit === undefined ? undefined : from + number(limit, 'limit'));
}

function number(text: string | undefined, name: string): number {
  if (text === undefined) return 0;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal('request-invalid', `Invalid ${name} filter [${text.slice(0, 100)}]`);
  return Number(text);
}
