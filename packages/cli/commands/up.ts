// `assay up`: a whole cloud on this machine.
import type { Command } from 'commander';
import { Option } from 'commander';
import { withState } from '../lab/state.ts';

export const up = (program: Command): Command =>
  withState(program.command('up').description('start a cloud on this machine and wait until its hosts are attested'))
    .addOption(new Option('--ports <which>', 'ports to listen on').choices(['default', 'auto']).default('default'))
    .action(async ({ state, ports }: { state: string; ports: 'default' | 'auto' }) => {
      const { up } = await import('../lab/up.ts');
      await up(state, ports === 'auto');
    });
