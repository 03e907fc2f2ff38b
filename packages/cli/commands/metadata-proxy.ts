// `assay metadata-proxy`: on each host, what its instances reach at 169.254.169.254.
import type { Command } from 'commander';
import { service } from './service.ts';

export const metadataProxy = (program: Command) =>
  service(
    program,
    'metadata-proxy',
    'carry the requests of this host’s instances to the metadata API',
    '/etc/neutron/metadata_agent.ini',
    async () => {
      const { proxyOptions, startMetadataProxy } = await import('@assay/metadata/proxy');
      return { options: proxyOptions, main: (conf, daemon) => startMetadataProxy(conf, daemon) };
    },
  );
