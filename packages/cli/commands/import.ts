// `assay import oat`: OEMs, OSes, MLEs with white lists and hosts, from an OpenAttestation server to ours.
import type { Command } from 'commander';
import type { ImportOptions } from '../oat/import/command.ts';
import { withOther } from '../oat/options.ts';
import { withAccess } from '../operator/access.ts';

export function importFrom(program: Command): void {
  const group = program.command('import').description('what another attestation server knows');
  withAccess(
    withOther(
      group
        .command('oat')
        .description('OEMs, OSes, MLEs with white lists and hosts of an OpenAttestation server (1.5 or later)'),
      'old-',
    ),
  )
    .option('--dry-run', 'say what would be moved, and move nothing')
    .option('--because <text>', 'why; kept in the history')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
What is there stays, what differs is told and not overwritten: it can be run
again. White lists of SHA-1 are moved and never match: learn these hosts again.
Exits 0 when all is there, 1 when something was refused or differs.`,
    )
    .action(async (options: ImportOptions) => {
      const { importOat } = await import('../oat/import/command.ts');
      process.exitCode = (await importOat(options)) ? 0 : 1;
    });
}
