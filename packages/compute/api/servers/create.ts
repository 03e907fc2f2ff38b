// POST /servers: everything the instance will need is looked up and frozen here; where it runs is the conductor's question.
import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { caller } from '../../identity/guard.ts';
import { visible } from '../../image/routes.ts';
import { Refusal } from '../../refusal.ts';
import { allNodes } from '../../storage/compute-nodes.ts';
import { flavorById, snapshot } from '../../storage/flavors.ts';
import { bootFilesOf, type Image, imageById } from '../../storage/images.ts';
import { type Instance, insertInstances, type NewInstance } from '../../storage/instances.ts';
import { keypairNamed } from '../../storage/keypairs.ts';
import { bodyOf } from '../body.ts';
import type { ApiContext } from '../context.ts';
import { wantedTrust } from '../extra-specs.ts';
import { has } from '../microversions.ts';
import { forbidden, projectOf } from '../policy.ts';
import { CreateServer } from './request.ts';

type Wanted = Static<typeof CreateServer>['server'];

/** @returns the instances, `building`/`scheduling`, already handed to the conductor */
export async function createServers(context: ApiContext, request: FastifyRequest): Promise<Instance[]> {
  const { db, clock, conductor } = context;
  const body = bodyOf(request, CreateServer);
  const wanted = body.server;
  refuseWhatWeCannot(request, body);
  const max = countOf(wanted);
  const flavor = await flavorFor(context, request, wanted);
  const image = await imageFor(context, request, wanted);
  if (flavor.memory_mb < image.min_ram)
    throw new Refusal('request-invalid', "Flavor's memory is too small for requested image.");
  const user = caller(request).user.id;
  const key = await keyFor(context, user, wanted.key_name ?? null);
  const place = await placeFor(context, request, wanted.availability_zone ?? null);
  const common: Omit<NewInstance, 'id' | 'name' | 'hostname' | 'mac' | 'launch_index'> = {
    project_id: projectOf(request).id,
    user_id: user,
    flavor: snapshot(flavor),
    image_id: image.id,
    image_name: image.name,
    kernel_id: image.properties['kernel_id'] ?? '',
    ramdisk_id: image.properties['ramdisk_id'] ?? '',
    key_name: key?.name ?? null,
    public_key: key?.public_key ?? null,
    user_data: userDataOf(wanted),
    metadata: wanted.metadata ?? {},
    ...place,
    reservation_id: `r-${randomBytes(5).toString('hex').slice(0, 8)}`,
    ...wantedTrust(flavor.extra_specs),
    request_id: request.id,
  };
  const instances = await insertInstances(
    db,
    Array.from({ length: max }, (_, index) => named(common, wanted, index, max)),
    clock.now(),
  );
  for (const { id } of instances) conductor.build(id);
  return instances;
}

function named<T extends object>(common: T, wanted: Wanted, index: number, of: number) {
  const id = randomUUID();
  const suffix = of > 1 ? `-${index + 1}` : '';
  const hostname = wanted.hostname === undefined ? undefined : `${wanted.hostname}${suffix}`.toLowerCase();
  return {
    ...common,
    id,
    name: `${wanted.name}${suffix}`,
    hostname: hostname ?? hostnameOf(`${wanted.name}${suffix}`, id),
    mac: `fa:16:3e:${randomBytes(3).toString('hex').match(/../g)?.join(':')}`,
    launch_index: index,
  };
}

/** A name a guest can take (RFC 1123), as Nova makes it of the server's name. */
export function hostnameOf(name: string, id: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[ _]/g, '-')
    .replace(/[^a-z0-9.-]/g, '')
    .replace(/^[.-]+/, '')
    .slice(0, 63)
    .replace(/[.-]+$/, '');
  return plain || `server-${id}`;
}

function refuseWhatWeCannot(request: FastifyRequest, body: Static<typeof CreateServer>): void {
  const { server } = body;
  const hints = Object.keys(body['os:scheduler_hints'] ?? body['OS-SCH-HNT:scheduler_hints'] ?? {});
  if (hints.length > 0) throw bad(`Scheduler hint '${hints[0]?.slice(0, 100)}' is not supported.`);
  if (server.networks === 'none' || Array.isArray(server.networks))
    throw bad("Each server has a network of its own with its host: only 'auto' can be asked for.");
  if (server.networks === undefined && has(request, 'networksWord'))
    throw bad("Invalid input for field/attribute server. 'networks' is a required property");
  if (server.hostname !== undefined && !has(request, 'serverHostname'))
    throw bad("Additional properties are not allowed ('hostname' was unexpected)");
  if (server.config_drive && !/^(false|0|no|off|f|n)$/i.test(String(server.config_drive)))
    throw bad('Config drives are not supported: metadata is served at 169.254.169.254.');
  for (const { name = 'default' } of server.security_groups ?? [])
    if (name !== 'default') throw bad(`Security group ${name} not found for project ${projectOf(request).id}.`);
}

/** How many are made. Nova makes fewer, down to min_count, when the quota ends; here it is all or none. */
function countOf(wanted: Wanted): number {
  const min = Number(wanted.min_count ?? 1);
  const max = Number(wanted.max_count ?? min);
  if (min > max) throw bad('min_count must be <= max_count');
  return max;
}

async function flavorFor({ db }: ApiContext, request: FastifyRequest, { flavorRef }: Wanted) {
  const id = String(flavorRef).split('/').at(-1) ?? '';
  const flavor = await flavorById(db, id);
  if (!flavor || flavor.disabled || (!flavor.is_public && !caller(request).admin))
    throw bad(`Flavor ${id} could not be found.`);
  return flavor;
}

async function imageFor({ db }: ApiContext, request: FastifyRequest, { imageRef }: Wanted): Promise<Image> {
  if (!imageRef) throw bad('Invalid imageRef provided.');
  const image = await imageById(db, imageRef.split('/').at(-1) ?? '');
  if (!image || !visible(image, caller(request))) throw bad('Can not find requested image');
  const { kernel_id, ramdisk_id } = image.properties;
  if (!(await bootFilesOf(db, { kernel_id, ramdisk_id })))
    throw bad(`Image ${image.id} is unacceptable: it names no kernel and no ramdisk to boot`);
  return image;
}

async function keyFor({ db }: ApiContext, user: string, name: string | null) {
  if (name === null) return undefined;
  const key = await keypairNamed(db, user, name);
  if (!key) throw bad('Invalid key_name provided.');
  return key;
}

/** `ZONE`, or from administrators `ZONE:HOST[:NODE]`: it narrows the choice, and all filters still apply. */
async function placeFor({ db }: ApiContext, request: FastifyRequest, zone: string | null) {
  if (zone === null) return { wanted_zone: null, wanted_host: null };
  const [name = '', host = '', node = '', ...rest] = zone.split(':');
  if (rest.length > 0) throw bad('Invalid availability_zone: expected ZONE, ZONE:HOST or ZONE:HOST:NODE');
  if ((host || node) && !caller(request).admin) throw forbidden('servers:create:forced_host');
  const nodes = await allNodes(db);
  if (name && !nodes.some((one) => one.zone === name)) throw bad('The requested availability zone is not available');
  const forced = nodes.find((one) => (!host || one.host === host) && (!node || one.hypervisor_hostname === node));
  if ((host || node) && !forced) throw bad(`Compute host ${host || node} could not be found.`);
  return { wanted_zone: name || null, wanted_host: host || node ? (forced?.host ?? null) : null };
}

function userDataOf({ user_data }: Wanted): string | null {
  if (user_data === undefined || user_data === null || user_data === '') return null;
  const text = user_data.replace(/\s/g, '');
  if (Buffer.from(text, 'base64').toString('base64') !== text)
    throw bad("Invalid input for field/attribute user_data. It is not a 'base64'");
  return text;
}

const bad = (sentence: string) => new Refusal('request-invalid', sentence);
