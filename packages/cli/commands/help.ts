// `assay help …`: of a command, however deep it stands. Commander's own knows the first word alone.
import type { Command } from 'commander';

export function help(program: Command): void {
  program
    .helpCommand(false)
    .command('help [command...]')
    .description('display help for command: assay help reference retire')
    .action((names: string[]) => {
      let found = program;
      for (const [at, name] of names.entries()) {
        const next = found.commands.find((command) => command.name() === name);
        if (!next) found.error(`error: unknown command '${names.slice(0, at + 1).join(' ')}'`);
        else found = next;
      }
      found.help();
    });
}
