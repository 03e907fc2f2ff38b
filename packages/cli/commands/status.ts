// `assay status`: is the cloud trustworthy? The attestation server's hosts as a table, and above it whether the brake is engaged.
import type { Command } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';

export const status = (program: Command): Command =>
  withAccess(program.command('status').description('hosts and their verdicts, and whether many fell at once'))
    .option('--json', 'as JSON')
    .action(async (options: AccessOptions & { json?: true }) => {
      const [{ openSession }, { hostTable }, { engagedText }] = await Promise.all([
        import('../operator/session.ts'),
        import('../operator/show-hosts.ts'),
        import('../operator/show-brake.ts'),
      ]);
      const { hosts, brake, terminal } = openSession(options);
      const [list, state] = await Promise.all([hosts.list(), brake.show()]);
      if (options.json) await terminal.printJson({ hosts: list, brake: state });
      else await terminal.print([engagedText(state), hostTable(list)].filter(Boolean).join('\n\n'));
    });
