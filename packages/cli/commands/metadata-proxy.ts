// `assay metadata-proxy`
import type { Command } from 'commander';

export const metadataProxy = (program: Command): Command => program.command('metadata-proxy');
