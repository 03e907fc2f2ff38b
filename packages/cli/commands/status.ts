// `assay status`: is the cloud trustworthy? The attestation server's hosts as a table.
import type { Command } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';

export const status = (program: Command): Command =>
  withAccess(program.command('status').description('hosts and their verdicts'))
    .option('--json', 'as JSON')
    .action(async (options: AccessOptions & { json?: true }) => {
      const [{ attestationClient }, { hostsOf }, { hostTable }] = await Promise.all([
        import('../operator/attestation-client.ts'),
        import('../operator/hosts.ts'),
        import('../operator/show-hosts.ts'),
      ]);
      const hosts = await hostsOf(attestationClient(options)).list();
      console.log(options.json ? JSON.stringify({ hosts }, null, 2) : hostTable(hosts));
    });
