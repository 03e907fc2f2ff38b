// `assay metadata-api`
import type { Command } from 'commander';

export const metadataApi = (program: Command): Command => program.command('metadata-api');
