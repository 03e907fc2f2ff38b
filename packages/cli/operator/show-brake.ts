// What does the brake say, for a person who is called at night? Verdicts are honest whatever it does; it holds acts.
import { escaped } from '@assay/core';
import { type Brake, fewestFallen } from '@assay/protocol';
import { counted, listed } from './show-rehearsal.ts';
import { minute } from './value-names.ts';

export function brakeText(brake: Brake): string {
  const { engaged, brake_percent: percent, window_s: window, fallen, trusted_before: before } = brake;
  if (engaged) return engagedText(brake);
  const rule = `more than ${percent} % of the trusted hosts, at least ${fewestFallen}, lost trust within ${window} s`;
  const some = fallen.length > 0 ? `; within that time ${fallen.length} of ${before} fell: ${listed(fallen)}` : '';
  const changes = `a change that would cost more than ${percent} % is refused beforehand, however few hosts those are`;
  return [
    `the brake is not engaged: it would be if ${rule}${some}`,
    changes,
    ...forcedLines(brake),
    ...heldLines(brake),
  ].join('\n');
}

/** The lines on top of the hosts: none where it is not engaged, nothing is held, and nobody forced a fall. */
export function engagedText(brake: Brake): string {
  const { engaged, since, held } = brake;
  if (!engaged)
    return [
      ...forcedLines(brake),
      ...(held.length > 0 ? ['not done, though its time has come:', ...heldLines(brake)] : []),
    ].join('\n');
  return [
    `BRAKE engaged${since ? ` since ${since}` : ''}: ${fallenText(brake)}`,
    ...forcedLines(brake).map((line) => `  ${line}`),
    ...(held.length > 0 ? heldLines(brake) : ['  held: what would retire values by itself']),
    '  verdicts are as ever: nothing is trusted that is not. Look: assay host explain NAME; let it go: assay brake release --because "…"',
  ].join('\n');
}

const heldLines = ({ held }: Brake): string[] => held.map((act) => `  held: ${escaped(act)}`);

/** What somebody wanted makes nobody engage the brake, and is red all the same. */
const forcedLines = ({ forced, fallen }: Brake): string[] =>
  forced
    ? [
        `${counted(forced.hosts.length, fallen.length > 0 ? 'more host' : 'host')} fell by a change somebody forced at ${minute(forced.at)}: ${listed(forced.hosts)} (assay reference history, assay policy history POOL)`,
      ]
    : [];

/** Who is down, and when no more are than it lets, that it lets go by itself. */
function fallenText({ fallen, trusted_before: before, ...brake }: Brake): string {
  const { releases_in_s: left, window_s: window, brake_percent: percent } = brake;
  if (left === undefined)
    return `${fallen.length} of ${counted(before, 'trusted host')} lost trust within ${window} s (more than ${percent} %, at least ${fewestFallen}): ${listed(fallen)}`;
  const down =
    fallen.length === 0
      ? 'of the hosts that made it so none is down any more'
      : `no more are down than it lets (${fallen.length} of ${before}): ${listed(fallen)}`;
  return `${down}; it releases itself after ${left} s, or assay brake release`;
}
