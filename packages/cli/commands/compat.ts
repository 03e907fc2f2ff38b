// `assay compat oat`: would stock clients of OpenAttestation work with a server, and is it safe? Of an old one before a move, or of ours.
import { type Command, InvalidArgumentError } from 'commander';
import type { CompatOptions } from '../oat/compat/command.ts';
import { withOther } from '../oat/options.ts';

export function compat(program: Command): void {
  const group = program.command('compat').description('whether a server answers stock clients as they expect');
  withOther(
    group
      .command('oat')
      .description(
        'try a server as Nova’s TrustedFilter (Folsom to Pike) and OpenAttestation’s tools would; reads only',
      ),
  )
    .option('--host <name...>', 'hosts to ask for (else some that it lists)')
    .option('--plain-port <port>', 'where HTTP without TLS would be answered', portNumber, 8080)
    .option('--write', 'also the life of an OEM, OS, MLE, PCR entry and host named assay-compat-…, removed at the end')
    .option('--all', 'also what is as it should be')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Exits 0 when nothing matters, 1 when something breaks or is less safe.`,
    )
    .action(async (options: CompatOptions) => {
      const { compatOat } = await import('../oat/compat/command.ts');
      process.exitCode = (await compatOat(options)) ? 1 : 0;
    });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('expected 1 to 65535');
  return port;
}
