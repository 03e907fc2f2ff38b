// `assay compute-api`
import type { Command } from 'commander';

export const computeApi = (program: Command): Command => program.command('compute-api');
