// How Nova shows a server, at each microversion and to whom. One function: every field stands at one place.
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { caller } from '../../identity/guard.ts';
import { type ComputeNode, isUp } from '../../storage/compute-nodes.ts';
import type { Instance } from '../../storage/instances.ts';
import { type ApiContext, links, micros, seconds } from '../context.ts';
import { has } from '../microversions.ts';

/** Name of the one network, that of the guest with its host. */
const network = 'private';

export function serverStatus({ vm_state, task_state }: Pick<Instance, 'vm_state' | 'task_state'>): string {
  if (vm_state === 'active' && task_state === 'rebooting') return 'REBOOT';
  if (vm_state === 'active' && task_state === 'rebooting_hard') return 'HARD_REBOOT';
  return { building: 'BUILD', active: 'ACTIVE', stopped: 'SHUTOFF', error: 'ERROR', deleted: 'DELETED' }[vm_state];
}

/** Tells two hosts apart without naming them; each project sees another value. */
const hostId = (projectId: string, host: string | null): string =>
  host === null ? '' : createHash('sha224').update(`${projectId}${host}`).digest('hex');

export function briefView({ urls }: ApiContext, instance: Instance) {
  return { id: instance.id, name: instance.name, links: links(urls, `servers/${instance.id}`) };
}

export type ViewOptions = {
  /** Hosts by name, for `host_status`. */
  nodes: ReadonlyMap<string, ComputeNode>;
  /** Of one server asked for by id, not of a list. */
  single: boolean;
};

export function serverView(context: ApiContext, request: FastifyRequest, instance: Instance, options: ViewOptions) {
  const { urls } = context;
  const { admin } = caller(request);
  const status = serverStatus(instance);
  return {
    id: instance.id,
    name: instance.name,
    status,
    tenant_id: instance.project_id,
    user_id: instance.user_id,
    metadata: instance.metadata,
    hostId: hostId(instance.project_id, instance.host),
    image: { id: instance.image_id, links: [links(urls, `images/${instance.image_id}`)[1]] },
    flavor: flavorOf(context, request, instance),
    created: seconds(instance.created_at),
    updated: seconds(instance.updated_at),
    addresses: addressesOf(instance),
    accessIPv4: '',
    accessIPv6: '',
    links: links(urls, `servers/${instance.id}`),
    'OS-DCF:diskConfig': 'MANUAL',
    ...(['BUILD', 'ACTIVE', 'REBOOT', 'HARD_REBOOT'].includes(status) && { progress: 0 }),
    ...(instance.fault && status === 'ERROR' && { fault: faultOf(instance.fault, admin) }),
    'OS-EXT-AZ:availability_zone': instance.availability_zone ?? '',
    config_drive: '',
    key_name: instance.key_name,
    'OS-SRV-USG:launched_at': instance.launched_at && micros(instance.launched_at),
    'OS-SRV-USG:terminated_at': instance.terminated_at && micros(instance.terminated_at),
    ...attributesOf(request, instance, admin),
    'OS-EXT-STS:task_state': instance.task_state,
    'OS-EXT-STS:vm_state': instance.vm_state,
    'OS-EXT-STS:power_state': instance.power_state,
    'os-extended-volumes:volumes_attached': [],
    ...(has(request, 'hostStatus') && admin && { host_status: hostStatus(context, instance, options.nodes) }),
    ...(has(request, 'serverLocked') && { locked: false }),
    ...(has(request, 'lockedReason') && { locked_reason: null }),
    ...(has(request, 'serverDescription') && { description: null }),
    ...(has(request, 'serverTags') && { tags: [] }),
    ...(has(request, 'trustedCertificates') && { trusted_image_certificates: null }),
    ...(has(request, 'serverGroupsInServer') && options.single && { server_groups: [] }),
  };
}

function flavorOf({ urls }: ApiContext, request: FastifyRequest, { flavor }: Instance) {
  if (!has(request, 'flavorEmbedded')) return { id: flavor.id, links: [links(urls, `flavors/${flavor.id}`)[1]] };
  return {
    vcpus: flavor.vcpus,
    ram: flavor.memory_mb,
    disk: flavor.root_gb,
    ephemeral: flavor.ephemeral_gb,
    swap: flavor.swap_mb,
    original_name: flavor.name,
    extra_specs: flavor.extra_specs,
  };
}

function addressesOf({ host, address, mac }: Instance) {
  if (host === null) return {};
  const fixed = { version: 4, addr: address, 'OS-EXT-IPS:type': 'fixed', 'OS-EXT-IPS-MAC:mac_addr': mac };
  return { [network]: [fixed] };
}

/** Where it runs and how it was booted; what is inside a host is for administrators. */
function attributesOf(request: FastifyRequest, instance: Instance, admin: boolean) {
  const hostname = { 'OS-EXT-SRV-ATTR:hostname': instance.hostname };
  if (!admin) return has(request, 'serverHostname') ? hostname : {};
  return {
    'OS-EXT-SRV-ATTR:host': instance.host,
    'OS-EXT-SRV-ATTR:instance_name': `instance-${instance.number.toString(16).padStart(8, '0')}`,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': instance.node,
    ...(has(request, 'serverAttributes') && {
      'OS-EXT-SRV-ATTR:reservation_id': instance.reservation_id,
      'OS-EXT-SRV-ATTR:launch_index': instance.launch_index,
      ...hostname,
      'OS-EXT-SRV-ATTR:kernel_id': instance.kernel_id,
      'OS-EXT-SRV-ATTR:ramdisk_id': instance.ramdisk_id,
      'OS-EXT-SRV-ATTR:root_device_name': null,
      'OS-EXT-SRV-ATTR:user_data': instance.user_data,
    }),
  };
}

function faultOf({ code, created, message, details }: NonNullable<Instance['fault']>, admin: boolean) {
  return { code, created: seconds(created), message, ...(admin && { details }) };
}

function hostStatus(
  { clock, serviceDownTimeS }: ApiContext,
  { host }: Instance,
  nodes: ReadonlyMap<string, ComputeNode>,
): string {
  if (host === null) return '';
  const node = nodes.get(host);
  if (!node) return 'UNKNOWN';
  if (node.disabled) return 'MAINTENANCE';
  return isUp(node, clock.now(), serviceDownTimeS) ? 'UP' : 'DOWN';
}
