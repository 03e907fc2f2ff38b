// `assay attestation-server`: asks hosts for evidence, remembers verdicts, tells them.
import type { Command } from 'commander';
import { service } from './service.ts';

export const attestationServer = (program: Command) =>
  service(program, 'attestation-server', 'verify hosts and tell who is trusted', '/etc/assay/assay.conf', async () => {
    const { options, startAttestationServer } = await import('@assay/attestation');
    return { options, main: (conf, daemon) => startAttestationServer(conf.attestation_server, daemon) };
  });
