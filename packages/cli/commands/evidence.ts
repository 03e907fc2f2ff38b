// `assay evidence …`: boot logs, IMA lists, quotes, keys and certificates, in words a person understands.
import { type Command, CommanderError } from 'commander';

type Options = { all?: true; json?: true };

export function evidence(program: Command): void {
  const group = program.command('evidence').description('boot logs, IMA lists, quotes, keys and certificates in words');

  group
    .command('show [files...]')
    .description('what files hold (- is standard input; none: this machine’s own log and list), told by their content')
    .option('--all', 'long lists in full, with all digests')
    .option('--json', 'as JSON')
    .action(async (files: string[], { all, json }: Options) => {
      const { show } = await import('../evidence/show.ts');
      process.exitCode = await show(files, { all: all === true, json: json === true }, world());
    });
  group
    .command('diff <old> <new>')
    .description('what changed between two boots; exits 0 for nothing, 1 for something, 2 when they cannot be compared')
    .option('--all', 'long lists in full')
    .option('--json', 'as JSON')
    .exitOverride(({ exitCode, code, message }) => {
      throw new CommanderError(exitCode && cannotCompare, code, message);
    })
    .action(async (old: string, now: string, { all, json }: Options) => {
      const { diff } = await import('../evidence/diff.ts');
      try {
        process.exitCode = await diff(old, now, { all: all === true, json: json === true }, world());
      } catch (error) {
        await world().complain(error);
        process.exitCode = cannotCompare;
      }
    });
}

/** As diff(1) has it: 1 is for “different”. */
const cannotCompare = 2;

const world = () => ({
  stdin: process.stdin,
  stdout: process.stdout,
  env: process.env,
  root: '/',
  now: new Date(),
  async complain(error: unknown) {
    const { lineFor } = await import('@assay/daemon');
    process.stderr.write(`assay: ${lineFor(error)}\n`);
  },
});
