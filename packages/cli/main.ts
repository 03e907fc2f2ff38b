// The `assay` command. Which subcommands are there? What each does, and what it needs, is loaded when it is called.
import { Command, CommanderError } from 'commander';
import { commands } from './commands/catalogue.ts';
import { exitCodeHelp, exitCodeOf } from './exit-code.ts';

const program = new Command('assay')
  .description('Trusted compute pools: instances of a trusted flavor run only on hosts that proved how they booted.')
  .version('0.1.0')
  .showHelpAfterError('(add --help for what there is)')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'assay: ')) })
  .enablePositionalOptions() // `--version` of a command is its own: assay reference learn HOST --version 6.1
  .addHelpText('after', exitCodeHelp)
  .exitOverride();
for (const add of commands) add(program);

// What reads our output may stop reading: `assay host list | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  if (!(error instanceof CommanderError)) {
    const { lineFor } = await import('@assay/daemon');
    process.stderr.write(`assay: ${lineFor(error)}\n`);
    if (process.env['ASSAY_DEBUG']) console.error(error);
  }
}
