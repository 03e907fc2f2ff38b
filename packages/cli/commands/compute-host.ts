// `assay compute-host`: on each host, runs its instances.
import type { Command } from 'commander';
import { service } from './service.ts';

export const computeHost = (program: Command) =>
  service(program, 'compute-host', 'run the instances of this host', '/etc/assay/assay.conf', async () => {
    const { hostOptions, startComputeHost, stopInstances } = await import('@assay/compute/host');
    return {
      options: hostOptions,
      main: async (conf, daemon, given) => {
        if (!given.stopInstances) return await startComputeHost(conf, daemon);
        await stopInstances(conf, daemon);
        daemon.stop();
      },
    };
  }).option('--stop-instances', 'end the instances of this host, as when it goes down, and return');
