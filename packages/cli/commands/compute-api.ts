// `assay compute-api`: identity, images, servers and the scheduler, as stock OpenStack clients know them.
import type { Command } from 'commander';
import { service } from './service.ts';

export const computeApi = (program: Command) =>
  service(program, 'compute-api', 'identity, images, servers and the scheduler', '/etc/nova/nova.conf', async () => {
    const [{ options }, { startComputeApi }, { systemClock: clock }] = await Promise.all([
      import('@assay/compute'),
      import('@assay/compute/server'),
      import('@assay/daemon'),
    ]);
    return { options, main: (conf, daemon) => startComputeApi(conf, { ...daemon, clock }) };
  });
