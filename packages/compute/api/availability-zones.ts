// Availability zones: those the hosts say they are in. A zone is available while one host of it is up and enabled.
import { allNodes, isUp } from '../storage/compute-nodes.ts';
import { micros, type Resource } from './context.ts';
import { adminOnly } from './policy.ts';

export const availabilityZones: Resource = (server, { db, clock, serviceDownTimeS }) => {
  const zones = async (detail: boolean) => {
    const byZone = Map.groupBy(await allNodes(db), (node) => node.zone);
    const availabilityZoneInfo = [...byZone].sort().map(([zoneName, nodes]) => {
      const hosts = nodes.map((node) => {
        const active = node.disabled === 0;
        const available = isUp(node, clock.now(), serviceDownTimeS);
        return { host: node.host, active, available, updated_at: micros(node.last_seen_at) };
      });
      return {
        zoneName,
        zoneState: { available: hosts.some(({ active, available }) => active && available) },
        hosts: detail ? Object.fromEntries(hosts.map(({ host, ...state }) => [host, { 'nova-compute': state }])) : null,
      };
    });
    return { availabilityZoneInfo };
  };
  server.get('/v2.1/os-availability-zone', () => zones(false));
  server.get('/v2.1/os-availability-zone/detail', (request) => {
    adminOnly(request, 'os-availability-zone:detail');
    return zones(true);
  });
};
