// `assay brake`: did more hosts lose trust at once than the brake lets, and what is held because of it?
import type { Command } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';

type Options = AccessOptions & { json?: true; because?: string };

export function brake(program: Command): void {
  const group = withAccess(
    program.command('brake').description('whether many hosts lost trust at once, and what is held'),
  )
    .option('--json', 'as JSON')
    .action(async (options: Options) => {
      const { brake, terminal, brakeText } = await load(options);
      const state = await brake.show();
      if (options.json) await terminal.printJson(state);
      else await terminal.print(brakeText(state));
    });
  withAccess(group.command('history').description('when it engaged and was let go, by whom and why; what was held'))
    .option('--json', 'as JSON')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const [{ journal, terminal }, { journalTable }] = await Promise.all([
        load(options),
        import('../operator/show-changes.ts'),
      ]);
      const found = await Promise.all(['brake-', 'reference-hold'].map((action) => journal.entries({ action })));
      const entries = found.flat().sort((a, b) => Number(b.id) - Number(a.id));
      if (options.json) await terminal.printJson({ entries });
      else await terminal.print(journalTable(entries));
    });
  withAccess(group.command('release').description('let it go: what is held goes on'))
    .requiredOption('--because <text>', 'why; kept in the history')
    .option('--json', 'as JSON')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>(); // those of `brake` itself may stand before `release`
      const [{ brake, terminal, brakeText }, { who }] = await Promise.all([
        load(options),
        import('../operator/who.ts'),
      ]);
      const state = await brake.release({ by: who(), ...(options.because && { because: options.because }) });
      if (options.json) await terminal.printJson(state);
      else await terminal.print(brakeText(state));
    });
}

async function load(options: AccessOptions) {
  const [{ openSession }, shown] = await Promise.all([
    import('../operator/session.ts'),
    import('../operator/show-brake.ts'),
  ]);
  return { ...openSession(options), ...shown };
}
