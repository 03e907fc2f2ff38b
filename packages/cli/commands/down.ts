// `assay down`: ends what `assay up` started; instances and state are kept.
import type { Command } from 'commander';
import { withState } from '../lab/state.ts';

export const down = (program: Command): Command =>
  withState(program.command('down').description('stop the cloud on this machine; state and instances are kept')).action(
    async ({ state }: { state: string }) => {
      const [{ down }, { openLab }, { lockLab }] = await Promise.all([
        import('../lab/down.ts'),
        import('../lab/settings.ts'),
        import('../lab/lab-lock.ts'),
      ]);
      const lab = openLab(state);
      const unlock = lockLab(lab.paths);
      try {
        console.log((await down(lab)) ? 'the cloud is down; state and instances are kept' : 'nothing was up');
      } finally {
        unlock();
      }
    },
  );
