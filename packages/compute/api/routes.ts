// The compute API (Nova v2.1): every resource, behind one door. A new resource is one file and one line here.
import type { HttpsServer } from '@assay/daemon/https';
import { guard } from '../identity/guard.ts';
import type { Tokens } from '../identity/tokens.ts';
import { availabilityZones } from './availability-zones.ts';
import type { ApiContext, Resource } from './context.ts';
import { decisions } from './decisions.ts';
import { extensions } from './extensions.ts';
import { extraSpecs } from './extra-specs.ts';
import { flavors } from './flavors.ts';
import { hypervisors } from './hypervisors.ts';
import { instanceActions } from './instance-actions.ts';
import { keypairs } from './keypairs.ts';
import { takeVersion } from './microversions.ts';
import { refuseOutsiders } from './policy.ts';
import { quotas } from './quotas.ts';
import { serverMetadata } from './servers/metadata.ts';
import { servers } from './servers/routes.ts';
import { services } from './services.ts';
import { openPaths, versions } from './versions.ts';

const resources: readonly Resource[] = [
  versions,
  flavors,
  extraSpecs,
  keypairs,
  servers,
  serverMetadata,
  instanceActions,
  decisions,
  services,
  hypervisors,
  availabilityZones,
  quotas,
  extensions,
];

export function computeRoutes(server: HttpsServer, context: ApiContext & { tokens: Tokens }): void {
  guard(server, context.db, context.tokens, openPaths);
  server.addHook('onRequest', async (request, reply) => {
    if (openPaths.has(request.url.split('?', 1)[0] ?? '')) return;
    const version = takeVersion(request);
    reply.headers({
      'openstack-api-version': `compute ${version}`,
      'x-openstack-nova-api-version': version,
      vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
    });
    if (!request.is404) refuseOutsiders(request);
  });
  server.addHook('onSend', async (request, reply) => void reply.header('x-compute-request-id', request.id));
  for (const resource of resources) resource(server, context);
}
