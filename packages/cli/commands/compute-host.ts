// `assay compute-host`
import type { Command } from 'commander';

export const computeHost = (program: Command): Command => program.command('compute-host');
