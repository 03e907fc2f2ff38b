// What of a folder does not become known good, and why? Said before what does, so that nobody takes it for all there is.
import type { LeftOut } from '../known-good/options.ts';
import { counted, listed } from './show-rehearsal.ts';

/** A line for each reason, the most frequent first. */
export function leftOutText(leftOut: readonly LeftOut[], all: boolean): string {
  const byReason = [...Map.groupBy(leftOut, ({ why }) => why)].sort(([, a], [, b]) => b.length - a.length);
  const lines = byReason.map(([why, those]) => {
    const paths = those.map(({ path }) => path);
    return `  ${why}: ${listed(paths, all, 3)}`;
  });
  return [`left out, ${counted(leftOut.length, 'file')}:`, ...lines].join('\n');
}
