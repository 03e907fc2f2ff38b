// `assay scheduler explain`
import type { Command } from 'commander';

export const scheduler = (program: Command): Command => program.command('scheduler');
