// SSH keys of a user, which instances get through metadata.
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { caller } from '../identity/guard.ts';
import { Refusal } from '../refusal.ts';
import { deleteKeypair, insertKeypair, type Keypair, keypairNamed, keypairsOf } from '../storage/keypairs.ts';
import { quotasOf } from '../storage/quotas.ts';
import { bodyOf } from './body.ts';
import { micros, type Resource } from './context.ts';
import { has } from './microversions.ts';
import { adminOnly, projectOf } from './policy.ts';
import { readSshKey } from './ssh-key.ts';

const fields = {
  name: Type.String({ minLength: 1, maxLength: 255 }),
  type: Type.Optional(Type.Union([Type.Literal('ssh'), Type.Literal('x509')])),
  user_id: Type.Optional(Type.String({ maxLength: 255 })),
};
const wrapped = <S extends Parameters<typeof Type.Object>[0]>(shape: S) =>
  Type.Object({ keypair: Type.Object(shape, { additionalProperties: false }) });
const Create = wrapped({ ...fields, public_key: Type.Optional(Type.String({ maxLength: 16_384 })) });
const CreateWithKey = wrapped({ ...fields, public_key: Type.String({ maxLength: 16_384 }) });

type Query = { Querystring: { user_id?: string; limit?: string; marker?: string } };
type At = { Params: { name: string } } & Query;

export const keypairs: Resource = (server, { db, clock }) => {
  server.get<Query>('/v2.1/os-keypairs', async (request) => {
    const { limit, marker } = request.query;
    const all = await keypairsOf(db, ownerOf(request, request.query.user_id, 'index'));
    const from = marker === undefined ? 0 : all.findIndex((one) => one.name === marker) + 1;
    if (marker !== undefined && from === 0) throw new Refusal('request-invalid', `marker [${marker}] not found`);
    const page = all.slice(from, limit && /^\d{1,6}$/.test(limit) ? from + Number(limit) : undefined);
    return { keypairs: page.map((one) => ({ keypair: brief(request, one) })) };
  });
  server.get<At>('/v2.1/os-keypairs/:name', async (request) => {
    const owner = ownerOf(request, request.query.user_id, 'show');
    const found = await keypairNamed(db, owner, request.params.name);
    if (!found) throw noKeypair(request.params.name, owner);
    return {
      keypair: {
        ...brief(request, found),
        user_id: owner,
        created_at: micros(found.created_at),
        deleted: false,
        deleted_at: null,
        id: found.number,
        updated_at: null,
      },
    };
  });
  server.post('/v2.1/os-keypairs', async (request, reply) => {
    const wanted = bodyOf(request, has(request, 'keypairNeedsKey') ? CreateWithKey : Create).keypair;
    const owner = ownerOf(request, wanted.user_id, 'create');
    if (!/^[\w @.-]+$/.test(wanted.name) || wanted.name.trim() !== wanted.name)
      throw new Refusal('keypair-invalid', 'Keypair data is invalid: Keypair name contains unsafe characters');
    if (wanted.type === 'x509')
      throw new Refusal('keypair-invalid', 'Keypair data is invalid: x509 keypairs are not supported');
    const made = wanted.public_key === undefined ? await newKey() : undefined;
    const public_key = wanted.public_key ?? made?.publicKey ?? '';
    const keypair = await store(owner, wanted.name, public_key, (await quotasOf(db, projectOf(request).id)).key_pairs);
    reply.code(has(request, 'keypairType') ? 201 : 200);
    return { keypair: { ...(made && { private_key: made.privateKey }), ...brief(request, keypair), user_id: owner } };
  });
  server.delete<At>('/v2.1/os-keypairs/:name', async (request, reply) => {
    const owner = ownerOf(request, request.query.user_id, 'delete');
    if (!(await deleteKeypair(db, owner, request.params.name))) throw noKeypair(request.params.name, owner);
    return reply.code(has(request, 'keypairType') ? 204 : 202).send();
  });

  async function store(user_id: string, name: string, public_key: string, limit: number): Promise<Keypair> {
    const created_at = clock.now().toISOString();
    try {
      const { fingerprint } = readSshKey(public_key);
      const row = { user_id, name, type: 'ssh' as const, public_key, fingerprint, created_at };
      const stored = await insertKeypair(db, row, limit);
      if (!stored) throw new Refusal('quota-forbidden', 'Quota exceeded, too many key pairs.');
      return stored;
    } catch (cause) {
      const code = cause instanceof AssayError ? cause.code : undefined;
      if (code === 'storage-exists')
        throw new Refusal('keypair-exists', `Key pair '${name}' already exists.`, { cause });
      if (code === 'ssh-key-invalid')
        throw new Refusal(
          'keypair-invalid',
          `Keypair data is invalid: failed to generate fingerprint: ${(cause as Error).message}`,
          { cause },
        );
      throw cause;
    }
  }
};

/** One's own; with `user_id` an administrator acts for others. */
function ownerOf(request: FastifyRequest, userId: string | undefined, rule: string): string {
  const { user } = caller(request);
  if (userId === undefined || userId === user.id || !has(request, 'keypairsOfOthers')) return user.id;
  adminOnly(request, `os-keypairs:${rule}`);
  return userId;
}

const brief = (request: FastifyRequest, { name, public_key, fingerprint, type }: Keypair) => ({
  name,
  public_key,
  fingerprint,
  ...(has(request, 'keypairType') && { type }),
});

const noKeypair = (name: string, user: string) =>
  new Refusal('keypair-not-found', `Keypair ${name} not found for user ${user}`);

/** Before 2.92 a client may leave making the key to the server; the private half is in the answer and nowhere else. */
async function newKey(): Promise<{ publicKey: string; privateKey: string }> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = pair.publicKey.export({ format: 'jwk' });
  const number = (base64: string) => {
    const bytes = Buffer.from(base64, 'base64url');
    return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes; // mpint: never negative
  };
  const blob = Buffer.concat(
    [Buffer.from('ssh-rsa'), number(e), number(n)].flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
  const privateKey = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  return { publicKey: `ssh-rsa ${blob.toString('base64')} made-by-assay`, privateKey };
}
