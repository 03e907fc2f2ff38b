// `assay lab …`: the processes of the cloud on this machine, and the power buttons of its hosts.
import type { Command } from 'commander';
import { withState } from '../lab/state.ts';

type Options = { state: string; json?: true };

export function lab(program: Command): void {
  const group = program.command('lab').description('processes of the cloud on this machine');
  const add = (usage: string, description: string, hidden = false) =>
    withState(group.command(usage, { hidden }).description(description));

  add('status', 'what runs, and the hosts with their verdicts')
    .option('--json', 'as JSON')
    .action(async ({ state, json }: Options) => {
      const { labStatus } = await import('../lab/lab-status.ts');
      await labStatus(state, json === true);
    });
  add('reboot <host>', 'restart a host: its instances end, its TPM is reset, its boot is measured anew').action(
    async (host: string, { state }: Options) => {
      const { rebootHost } = await import('../lab/reboot.ts');
      await rebootHost(state, host);
      console.log(`${host} has rebooted`);
    },
  );
  for (const order of ['start', 'stop'] as const)
    add(`${order}-unit <units...>`, `${order} single processes, to see what follows`).action(
      async (units: string[], { state }: Options) => {
        const [{ openLab }, { giveOrder }] = await Promise.all([
          import('../lab/settings.ts'),
          import('../lab/supervisor/control.ts'),
        ]);
        await giveOrder(openLab(state).paths.supervisorSocket, { order, units });
      },
    );
  add('supervise', 'run the processes of the lab (assay up starts this)', true).action(async ({ state }: Options) => {
    const { supervise } = await import('../lab/supervise.ts');
    await supervise(state);
  });
}
