// How does a command say that values belong to an update: from when they are good, until when, and beside what?
import { AssayError } from '@assay/core';
import type { UpdateWindow } from '@assay/protocol';
import type { Command } from 'commander';
import { repeated } from '../commands/service.ts';
import { instantOf, timeForms } from './when.ts';

export type WindowOptions = { next?: true; from?: string; until?: string; replaces?: string[] };

export const withWindow = (command: Command, next = true): Command => {
  if (next) command.option('--next', 'of an update: good beside what it replaces, until that is retired');
  return command
    .option('--from <time>', `of an update: good from then on, not before: ${timeForms}`)
    .option(
      '--until <time>',
      'of an update: then (written as --from) it becomes current, and what it replaces is retired',
    )
    .option(
      '--replaces <id>',
      'of an update: what is retired then; may be repeated (else current values of the same name and form)',
      repeated,
    );
};

/** @throws AssayError `cli-option` for a window without --next, `cli-time` */
export function windowOf(
  { next, from, until, replaces }: WindowOptions,
  now: Date,
  implied = false,
): { next?: UpdateWindow } {
  const [given] = Object.entries({ from, until, replaces }).flatMap(([name, value]) => (value ? [name] : []));
  if (!next && !implied) {
    if (given)
      throw new AssayError('cli-option', `--${given}`, '--next with it', 'no --next', {
        hint: 'without it a value is good at once and for good',
      });
    return {};
  }
  if (!next && !given) return {};
  return {
    next: {
      ...(from !== undefined && { from: instantOf(from, '--from', now) }),
      ...(until !== undefined && { until: instantOf(until, '--until', now) }),
      ...(replaces && { replaces }),
    },
  };
}
