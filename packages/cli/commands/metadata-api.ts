// `assay metadata-api`: what instances ask at 169.254.169.254, over HTTPS with client certificates.
import type { Command } from 'commander';
import { service } from './service.ts';

export const metadataApi = (program: Command) =>
  service(program, 'metadata-api', 'serve instances their metadata', '/etc/nova/nova.conf', async () => {
    const { apiOptions, startMetadataApi } = await import('@assay/metadata');
    return { options: apiOptions, main: (conf, daemon) => startMetadataApi(conf, daemon) };
  });
