// What do all long-running commands have in common? Their configuration files, and how they begin and end.
import { closeSync, writeSync } from 'node:fs';
import type { Conf, Daemon, Sections } from '@assay/daemon';
import type { Command } from 'commander';

/** A service read its options: what it does with them. `given` is the command line. */
export type Main<S extends Sections> = (conf: Conf<S>, daemon: Daemon, given: Given) => unknown;
export type Given = { configFile?: string[]; stopInstances?: true };

/**
 * Adds a long-running command. `load` runs when the command is called, so that other commands do not wait for its code.
 * @param file read when no `--config-file` is given
 */
export function service<S extends Sections>(
  program: Command,
  name: string,
  description: string,
  file: string,
  load: () => Promise<{ options: S; main: Main<S> }>,
): Command {
  return program
    .command(name)
    .description(description)
    .option('--config-file <file>', 'may be repeated: later files win', repeated)
    .action(async (given: Given) => {
      const [{ loadConfig, runDaemon }, { options, main }] = await Promise.all([import('@assay/daemon'), load()]);
      await runDaemon(name, async (daemon) => {
        const conf = loadConfig(given.configFile ?? [file], options);
        for (const warning of conf.warnings) daemon.log.warn(warning);
        await main(conf, daemon, given);
        daemon.log.info('ready');
        tellReady();
      });
    });
}

/** Says so to whoever started us and gave us a file descriptor to say it on. */
function tellReady(): void {
  const fd = Number(process.env['ASSAY_READY_FD']);
  if (!Number.isInteger(fd) || fd < 3) return;
  try {
    writeSync(fd, 'ready\n');
    closeSync(fd);
  } catch {
    // whoever wanted to know has gone
  }
}

/** For an option that may be given more than once. */
export const repeated = (value: string, before: string[] = []) => [...before, value];
