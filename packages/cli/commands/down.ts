// `assay down`: ends what `assay up` started; instances and state are kept.
import type { Command } from 'commander';
import { withState } from '../lab/state.ts';

export const down = (program: Command): Command =>
  withState(program.command('down').description('stop the cloud on this machine; state and instances are kept')).action(
    async ({ state }: { state: string }) => {
      const [{ down }, { openLab }] = await Promise.all([import('../lab/down.ts'), import('../lab/settings.ts')]);
      console.log((await down(openLab(state))) ? 'the cloud is down; state and instances are kept' : 'nothing was up');
    },
  );
