// Which parts of the compute API are there, as clients before microversions asked; and what clients ask for of which there is none.
import type { Resource } from './context.ts';
import { adminOnly } from './policy.ts';

const present: Record<string, string> = {
  'OS-EXT-AZ': 'Availability zone of a server.',
  'OS-EXT-IPS': 'Type of an address of a server.',
  'OS-EXT-IPS-MAC': 'Hardware address beside each address of a server.',
  'OS-EXT-SRV-ATTR': 'Host and names of a server, for administrators.',
  'OS-EXT-STS': 'Task, VM and power state of a server.',
  'OS-FLV-DISABLED': 'Whether a flavor is disabled.',
  'OS-FLV-EXT-DATA': 'Ephemeral disk of a flavor.',
  'OS-SRV-USG': 'When a server was launched and terminated.',
  'os-assay-decisions': 'Decisions of the scheduler about a server, for administrators.',
  'os-availability-zone': 'Availability zones.',
  'os-console-output': 'Console output of a server.',
  'os-flavor-extra-specs': 'Extra specs of flavors.',
  'os-flavor-manage': 'Making and deleting flavors.',
  'os-hypervisors': 'Hosts and how full they are.',
  'os-instance-actions': 'What was done to a server.',
  'os-keypairs': 'SSH keys.',
  'os-quota-sets': 'Quotas of projects.',
  'os-services': 'Services on hosts.',
};

export const extensions: Resource = (server) => {
  const all = Object.entries(present).map(([alias, description]) => ({
    alias,
    name: alias,
    description,
    links: [],
    namespace: '',
    updated: '2014-12-03T00:00:00Z',
  }));
  server.get('/v2.1/extensions', () => ({ extensions: all }));
  server.get('/v2.1/os-server-groups', () => ({ server_groups: [] }));
  server.get('/v2.1/os-aggregates', (request) => {
    adminOnly(request, 'os-aggregates:index');
    return { aggregates: [] };
  });
};
