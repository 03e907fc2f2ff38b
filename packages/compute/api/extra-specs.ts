// Extra specs of flavors. Nova takes any key it does not know; of those that decide trust only legal values are taken, and
// no key that only looks like them, since a slip of the pen there would start an instance anywhere.
import { PoolName, type TagDemands } from '@assay/protocol';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { Refusal } from '../refusal.ts';
import { deleteExtraSpec, setExtraSpecs } from '../storage/flavors.ts';
import type { WantedTrust } from '../storage/tables.ts';
import { bodyOf } from './body.ts';
import type { Resource } from './context.ts';
import { flavorOf } from './flavors.ts';
import { adminOnly } from './policy.ts';
import { isTagKey, tagPrefix, wantedTags } from './tag-specs.ts';

const trustKey = 'trust:trusted_host';
const poolKey = 'trust:pool';
const trustValues: readonly string[] = ['trusted', 'untrusted', 'unknown'];

const Value = Type.Union([Type.String({ maxLength: 255 }), Type.Number()]);
const Specs = Type.Record(Type.String(), Value, { minProperties: 1 });
const SetSpecs = Type.Object({ extra_specs: Specs }, { additionalProperties: false });
const keyPattern = /^[a-zA-Z0-9-_:. ]{1,255}$/;

type At = { Params: { id: string } };
type AtKey = { Params: { id: string; key: string } };

export const extraSpecs: Resource = (server, context) => {
  const { db } = context;
  server.get<At>('/v2.1/flavors/:id/os-extra_specs', async (request) => ({
    extra_specs: (await flavorOf(context, request, request.params.id)).extra_specs,
  }));
  server.get<AtKey>('/v2.1/flavors/:id/os-extra_specs/:key', async (request) => {
    const { id, key } = request.params;
    const { extra_specs } = await flavorOf(context, request, id);
    const value = Object.hasOwn(extra_specs, key) ? extra_specs[key] : undefined;
    if (value === undefined) throw noSpec(id, key);
    return { [key]: value };
  });
  server.post<At>('/v2.1/flavors/:id/os-extra_specs', async (request) => {
    adminOnly(request, 'os-flavor-extra-specs:create');
    const { extra_specs } = bodyOf(request, SetSpecs);
    await set(request.params.id, extra_specs);
    return { extra_specs };

    async function set(id: string, specs: Record<string, string | number>) {
      await flavorOf(context, request, id);
      await setExtraSpecs(db, id, checked(specs));
    }
  });
  server.put<AtKey>('/v2.1/flavors/:id/os-extra_specs/:key', async (request) => {
    adminOnly(request, 'os-flavor-extra-specs:update');
    const { id, key } = request.params;
    const specs = bodyOf(request, Specs);
    const value = Object.hasOwn(specs, key) ? specs[key] : undefined;
    if (value === undefined || Object.keys(specs).length !== 1)
      throw new Refusal('request-invalid', 'Request body and URI mismatch');
    await flavorOf(context, request, id);
    await setExtraSpecs(db, id, checked({ [key]: value }));
    return { [key]: value };
  });
  server.delete<AtKey>('/v2.1/flavors/:id/os-extra_specs/:key', async (request, reply) => {
    adminOnly(request, 'os-flavor-extra-specs:delete');
    const { id, key } = request.params;
    await flavorOf(context, request, id);
    if (!(await deleteExtraSpec(db, id, key))) throw noSpec(id, key);
    return reply.code(200).send();
  });
};

/** Trust null: the host may be any. Pool null: the default one's policy decides. Tags null: none are asked for. */
export type TrustWish = { trust: WantedTrust | null; pool: string | null; trust_tags: TagDemands | null };

/**
 * What the flavor demands of its host. A pool alone asks for hosts that are trusted in it, tags alone for hosts that are trusted.
 * @throws Refusal `extra-spec-invalid` for a value that is none of the three, no name of a pool or no values of a tag, whichever way it came in
 */
export function wantedTrust(specs: Record<string, string>): TrustWish {
  const [value, pool] = [specs[trustKey], specs[poolKey]];
  const tags = wantedTags(specs);
  if (value !== undefined && !trustValues.includes(value)) throw badTrust(value);
  if (pool !== undefined && !Check(PoolName, pool)) throw badPool(pool);
  if (tags && value !== undefined && value !== 'trusted')
    throw new Refusal(
      'extra-spec-invalid',
      `Validation failed; extra specs '${tagPrefix}…' ask for trusted hosts, '${trustKey}' for ${value} ones.`,
    );
  const trust = value ?? (pool !== undefined || tags ? 'trusted' : null);
  return { trust: trust as WantedTrust | null, pool: pool ?? null, trust_tags: tags };
}

function checked(specs: Record<string, string | number>): Record<string, string> {
  const texts = Object.fromEntries(Object.entries(specs).map(([key, value]) => [key, String(value)]));
  for (const key of Object.keys(texts)) {
    if (!keyPattern.test(key))
      throw new Refusal(
        'extra-spec-invalid',
        `Invalid input for field/attribute extra_specs. '${key.slice(0, 300)}' does not match any of the regexes: '^[a-zA-Z0-9-_:. ]{1,255}$'`,
      );
    // Asked for, and never acted on: such a flavor would start anywhere while everybody takes it for a trusted one.
    if (key !== trustKey && key !== poolKey && !isTagKey(key) && /^ *trust(ed)?[ :_]/i.test(key))
      throw new Refusal(
        'extra-spec-invalid',
        `Validation failed; extra spec '${key}' asks for no trust: only '${trustKey}', '${poolKey}' and '${tagPrefix}NAME' do.`,
      );
  }
  wantedTrust(texts);
  return texts;
}

const badTrust = (value: string) =>
  new Refusal(
    'extra-spec-invalid',
    `Validation failed; extra spec '${trustKey}': '${value.slice(0, 255)}' is not one of: ${trustValues.join(', ')}.`,
  );

const badPool = (value: string) =>
  new Refusal(
    'extra-spec-invalid',
    `Validation failed; extra spec '${poolKey}': '${value.slice(0, 255)}' is no name of a pool: lower-case letters, digits, '.', '_' and '-'.`,
  );

const noSpec = (id: string, key: string) =>
  new Refusal('extra-spec-not-found', `Flavor ${id} has no extra specs with key ${key}.`);
