// With which code does a command end? A script has to tell “the brake said no” from a typo.
import { AssayError } from '@assay/core';
import { CommanderError } from 'commander';

export const exitCodes = { done: 0, failed: 1, usage: 2, held: 3 } as const;

export const exitCodeHelp = `
Exit codes:
  0  done
  1  failed, or refused
  2  wrong usage: an option or an argument is missing, unknown, or nothing it can be
  3  held: more hosts would lose trust than the brake lets, or whoever was asked did not say yes
evidence diff ends as diff does: 0 for nothing, 1 for a difference, 2 for what cannot be compared.`;

/** Of what a command, or the server it asked, was thrown for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (!(error instanceof AssayError)) return exitCodes.failed;
  const { code } = error;
  if (code.endsWith('-brake') || code === 'change-unconfirmed' || code === 'change-declined') return exitCodes.held;
  const isUsage = code.endsWith('-because-missing') || (code.startsWith('cli-') && code !== 'cli-answer');
  return isUsage ? exitCodes.usage : exitCodes.failed;
}
