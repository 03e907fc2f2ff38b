// How does a command change what is good? It says what it would do and what the fleet would make of it, asks where many hosts would lose trust, and
// only then does it. The server has the last word: its brake counts anew.
import { AssayError } from '@assay/core';
import type { Change, Rehearsal } from '@assay/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { allLosing, loss, rehearsalText } from './show-rehearsal.ts';
import type { Terminal } from './terminal.ts';
import { who } from './who.ts';

export type ChangeOptions = {
  because?: string;
  dryRun?: true;
  force?: true;
  yes?: true;
  /** In percent of the hosts trusted before. */
  askAbove?: number;
  json?: true;
  all?: true;
};

/** Adds the options that every change has. */
export const withChange = (command: Command): Command =>
  command
    .option('--because <text>', 'why; kept in the history')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--force', 'do it although more hosts would lose trust than the brake lets; wants --because')
    .option('--ask-above <percent>', 'ask first when more of the trusted hosts would lose trust', percent, 5)
    .option('--yes', 'do not ask')
    .option('--all', 'long lists and digests in full')
    .option('--json', 'as JSON');

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100)) throw new InvalidArgumentError('expected 0 to 100');
  return value;
}

/** One change, as the server is asked for it. */
export type Steps<R> = {
  /** @param change with `dry_run`: say what would happen */
  send(change: Change): Promise<R>;
  rehearsalOf(result: R): Rehearsal | undefined;
  /** Before it is done; and all there is to say of a dry run. */
  plan(result: R): string;
  /** True: there is nothing to do. */
  nothing?(result: R): boolean;
  done(result: R): string;
  /** What somebody at a terminal is asked in any case. */
  asks?: string;
};

/**
 * @returns what was done; nothing after a dry run, and where there was nothing to do
 * @throws AssayError `change-because-missing`, `change-brake`, `change-unconfirmed`, `change-declined`, and what the server says
 */
export async function perform<R>(
  { send, rehearsalOf, plan, nothing, done, asks }: Steps<R>,
  options: ChangeOptions,
  terminal: Terminal,
): Promise<R | undefined> {
  const { because, dryRun, force, json, all } = options;
  const change: Change = { by: who(), ...(because && { because }), ...(force && { force }) };
  if (force && !because) throw new AssayError('change-because-missing', '--force', '--because "…"', 'no reason');

  const planned = await send({ ...change, dry_run: true });
  const rehearsal = rehearsalOf(planned);
  const text = [plan(planned), rehearsal ? rehearsalText(rehearsal, all === true) : ''].filter(Boolean).join('\n\n');
  if (dryRun || nothing?.(planned)) {
    const refusal = rehearsal && !force && isBraked(rehearsal) ? refusalText(rehearsal) : '';
    if (json) await terminal.printJson(planned);
    else await terminal.print([text, refusal].filter(Boolean).join('\n'));
    if (json && refusal) terminal.note(refusal);
    return undefined;
  }
  if (json) terminal.note(text);
  else await terminal.print(text);
  const asked = rehearsal ? await mayGoOn(rehearsal, options, terminal) : false;
  if (asks && !asked && !options.yes && terminal.ask) await confirmed(terminal.ask, asks);

  const result = await send(change);
  if (json) await terminal.printJson(result);
  else await terminal.print(done(result));
  return result;
}

/** @returns whether somebody was asked */
async function mayGoOn(
  rehearsal: Rehearsal,
  { askAbove = 5, yes, force }: ChangeOptions,
  { ask }: Terminal,
): Promise<boolean> {
  const { losing_percent: share, brake_percent: brake } = rehearsal;
  if (isBraked(rehearsal) && !force)
    throw new AssayError(
      'change-brake',
      'brake',
      `at most ${brake} % of the trusted hosts to lose trust`,
      loss(rehearsal),
      {
        hint: `nothing was changed; ${howToForce}`,
      },
    );
  if (allLosing(rehearsal) === 0 || share <= askAbove || yes || force) return false; // who forces gives a reason, and has been told before
  if (!ask)
    throw new AssayError('change-unconfirmed', 'terminal', 'somebody to ask, or --yes', loss(rehearsal), {
      hint: `nothing was changed; with --ask-above ${Math.ceil(share)} nobody is asked`,
    });
  await confirmed(ask, `apply? ${loss(rehearsal)}`);
  return true;
}

async function confirmed(ask: NonNullable<Terminal['ask']>, question: string): Promise<void> {
  const answer = await ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new AssayError('change-declined', 'terminal', 'y', answer.trim(), { hint: 'nothing was changed' });
}

const isBraked = ({ losing_percent: share, brake_percent: brake }: Rehearsal): boolean => share > brake;

/** Of a dry run, which itself is no failure. */
const refusalText = ({ brake_percent: brake }: Rehearsal): string =>
  `without the dry run the brake would refuse this (more than ${brake} %), unless with --force --because "…"`;

const howToForce = 'to do it all the same: --force --because "…"';
