// What does the brake say, for a person who is called at night? Verdicts are honest whatever it does; it holds acts.
import { escaped } from '@assay/core';
import type { Brake } from '@assay/protocol';
import { counted, listed } from './show-rehearsal.ts';

export function brakeText(brake: Brake): string {
  const { engaged, brake_percent: percent, window_s: window, fallen, trusted_before: before } = brake;
  const rule = `more than ${percent} % of the trusted hosts within ${window} s`;
  if (engaged) return engagedText(brake);
  const some = fallen.length > 0 ? `; within that time ${fallen.length} of ${before} fell: ${listed(fallen)}` : '';
  return `the brake is not engaged: it would be if ${rule} lost trust${some}`;
}

/** Nothing where it is not engaged: the line on top of the hosts. */
export function engagedText({ engaged, since, fallen, trusted_before: before, held, ...brake }: Brake): string {
  if (!engaged) return '';
  return [
    `BRAKE engaged${since ? ` since ${since}` : ''}: ${fallen.length} of ${counted(before, 'trusted host')} lost trust within ${brake.window_s} s (more than ${brake.brake_percent} %): ${listed(fallen)}`,
    ...(held.length > 0
      ? held.map((act) => `  held: ${escaped(act)}`)
      : ['  held: what would retire values by itself']),
    '  verdicts are as ever: nothing is trusted that is not. Look: assay host explain NAME; let it go: assay brake release --because "…"',
  ].join('\n');
}
