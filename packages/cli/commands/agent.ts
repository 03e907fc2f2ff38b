// `assay agent`: on each host, answers the attestation server's challenges with the host's TPM.
import type { Command } from 'commander';
import { service } from './service.ts';

export const agent = (program: Command) =>
  service(
    program,
    'agent',
    'prove to the attestation server how this host booted',
    '/etc/assay/assay.conf',
    async () => {
      const { options, startAgent } = await import('@assay/agent');
      return { options, main: (conf, { log, onStop }) => onStop(startAgent(conf.agent, { log }).stop) };
    },
  );
