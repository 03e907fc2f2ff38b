// `assay lab …`: the processes of the cloud on this machine, and the power buttons of its hosts.
import type { Command } from 'commander';
import type { BootWish } from '../lab/boots.ts';
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
  add('reboot <host>', 'restart a host: its instances end, its TPM is reset, its boot is measured anew')
    .option('--kernel <file>', 'boot this kernel from now on; golden: the recorded one again')
    .option('--command-line <text>', 'boot with this command line from now on; golden: the recorded one again')
    .addHelpText(
      'after',
      `
The host is one of the lab: a software TPM, extended by every event of a real boot's log. The kernel is not started; its Authenticode
digest is measured in place of the recorded kernel's, as firmware would.`,
    )
    .action(async (host: string, { state, kernel, commandLine }: Options & BootWish) => {
      const [{ rebootHost }, { bootsElse }, { stoppedText }] = await Promise.all([
        import('../lab/reboot.ts'),
        import('../lab/boots.ts'),
        import('../lab/unit-words.ts'),
      ]);
      const wish = { ...(kernel !== undefined && { kernel }), ...(commandLine !== undefined && { commandLine }) };
      const { host: booted, units } = await rebootHost(state, host, wish);
      const more = [bootsElse(booted) ?? [], stoppedText(host, units)].flat();
      console.log([`${host} has rebooted`, ...more].join('\n'));
    });
  add('run <host> <files...>', 'measure files as the host’s IMA would if the host executed them')
    .option('--as <path>', 'path of the file on the host, for a single file; its own unless given')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Nothing is executed. What a kernel with IMA would do is done to the lab's host: its list, which is kept beside its software TPM, gets an entry
with path and SHA-256, and PCR 10 of that TPM is extended by it. The list begins with boot_aggregate and ends with the boot. A file that was
measured before, unchanged, is not measured again.`,
    )
    .action(async (host: string, files: string[], { state, json, as }: Options & { as?: string }) => {
      const [{ hostOf, openLab }, { mustBeUp }, { runOnHost }, { escaped }] = await Promise.all([
        import('../lab/settings.ts'),
        import('../lab/leftovers.ts'),
        import('../lab/run.ts'),
        import('@assay/core'),
      ]);
      const { settings, paths } = openLab(state);
      mustBeUp(paths);
      const measured = await runOnHost(paths.host(hostOf(settings.hosts, host).name), files, as);
      if (json) return console.log(JSON.stringify({ host, measured }, null, 2));
      for (const { path, sha256, entry, again } of measured)
        console.log(
          `${host}: ${escaped(path)}, sha256 ${sha256}: ${again ? 'measured before, as' : 'measured as'} entry ${entry}`,
        );
    });
  for (const order of ['start', 'stop'] as const)
    add(`${order}-unit <units...>`, `${order} single processes, to see what follows`).action(
      async (units: string[], { state }: Options) => {
        const [{ openLab }, { giveOrder }, { orderedText }] = await Promise.all([
          import('../lab/settings.ts'),
          import('../lab/supervisor/control.ts'),
          import('../lab/unit-words.ts'),
        ]);
        const { supervisorSocket } = openLab(state).paths;
        const before = await giveOrder(supervisorSocket, { order: 'status' });
        console.log(orderedText(order, units, before, await giveOrder(supervisorSocket, { order, units })));
      },
    );
  add('supervise', 'run the processes of the lab (assay up starts this)', true).action(async ({ state }: Options) => {
    const { supervise } = await import('../lab/supervise.ts');
    await supervise(state);
  });
}
