// `assay scheduler explain`: why a server is where it is, or nowhere.
import type { Command } from 'commander';

export function scheduler(program: Command): void {
  const group = program.command('scheduler').description('decisions of the scheduler');
  group
    .command('explain <server>')
    .description('which filter refused which host and why, for a server by name or id (OS_* credentials of an admin)')
    .option('--json', 'as JSON')
    .action(async (server: string, { json }: { json?: true }) => {
      const [{ computeClient }, { explained, explanationOf }] = await Promise.all([
        import('../operator/openstack-client.ts'),
        import('../operator/explain.ts'),
      ]);
      const explanation = await explanationOf(await computeClient(), server);
      console.log(json ? JSON.stringify(explanation, null, 2) : explained(explanation));
    });
}
