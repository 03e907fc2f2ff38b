// Which changes of Nova's API are in force for this request? The one table of them; everything else asks it by name.
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';

export const range = { min: '2.1', max: '2.93' };
const newest = 93;

/** The minor number of 2.x from which each holds. Numbers and contents: Nova's REST API version history. */
const since = {
  keypairType: 2, // type in keypairs; POST 201, DELETE 204
  serverAttributes: 3, // hostname, reservation id, user data, … in servers
  serverLocked: 9,
  keypairsOfOthers: 10, // ?user_id=
  serviceForcedDown: 11,
  hostStatus: 16,
  serverDescription: 19,
  serverTags: 26,
  cpuInfoObject: 28, // before: JSON inside a string
  networkQuotasGone: 36,
  networksWord: 37, // networks: "auto" or "none", and no longer optional
  imageMetaLimitGone: 39,
  flavorEmbedded: 47, // in servers: what the flavor was, no link
  actionEventsForAll: 51,
  uuidsForServices: 53, // os-services and os-hypervisors: ids are UUIDs
  flavorDescription: 55,
  personalityGone: 57,
  actionUpdatedAt: 58,
  extraSpecsInFlavors: 61,
  trustedCertificates: 63,
  serverGroupsInServer: 71,
  lockedReason: 73,
  swapIsZero: 75, // before: ""
  extraSpecsChecked: 86,
  hypervisorUsageGone: 88,
  serverHostname: 90, // may be asked for; shown to everybody
  keypairNeedsKey: 92, // no keys are made by the server any more
} as const;

const versions = new WeakMap<FastifyRequest, number>();

export function has(request: FastifyRequest, change: keyof typeof since): boolean {
  return (versions.get(request) ?? 1) >= since[change];
}

/**
 * Reads which version the client wants.
 * @returns `2.92`
 * @throws Refusal `microversion-invalid` (400), `microversion-not-acceptable` (406), in Nova's words
 */
export function takeVersion(request: FastifyRequest): string {
  const minor = minorOf(wantedBy(request));
  versions.set(request, minor);
  return `2.${minor}`;
}

/** The newer header names the service before the version and may hold several, by commas. */
function wantedBy({ headers }: FastifyRequest): string {
  const entries = String(headers['openstack-api-version'] ?? '').split(',');
  const compute = entries.map((entry) => entry.trim().split(/\s+/)).find(([service]) => service === 'compute');
  return compute?.[1] ?? String(headers['x-openstack-nova-api-version'] ?? range.min);
}

function minorOf(version: string): number {
  if (version.toLowerCase() === 'latest') return newest;
  const found = /^([1-9]\d{0,5})\.(0|[1-9]\d{0,5})$/.exec(version);
  if (!found)
    throw new Refusal(
      'microversion-invalid',
      `API Version String ${version} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  const minor = Number(found[2]);
  if (found[1] !== '2' || minor < 1 || minor > newest)
    throw new Refusal(
      'microversion-not-acceptable',
      `Version ${version} is not supported by the API. Minimum is ${range.min} and maximum is ${range.max}.`,
    );
  return minor;
}
