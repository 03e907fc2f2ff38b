// What was moved, what was there, what was not and why: as people read it.
import { escaped } from '@assay/core';
import { table } from '../../operator/table.ts';
import type { Moved } from './move.ts';

const order: readonly Moved['outcome'][] = ['refused', 'conflict', 'moved', 'would move', 'there already'];

export function countsOf(moved: readonly Moved[]): Record<string, number> {
  const counted = order.map((outcome) => [outcome, moved.filter((one) => one.outcome === outcome).length] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

/** Whether all of it is there now, as it was there. */
export const isWhole = (moved: readonly Moved[]): boolean =>
  moved.every(({ outcome }) => outcome !== 'refused' && outcome !== 'conflict');

export function movedText(moved: readonly Moved[]): string {
  if (moved.length === 0) return 'nothing to import: that server has no OEM, OS, MLE or host';
  const rows = order
    .flatMap((outcome) => moved.filter((one) => one.outcome === outcome))
    .map(({ kind, name, outcome, why = '' }) => [kind, escaped(name), outcome, escaped(why)]);
  const summary = Object.entries(countsOf(moved)).map(([outcome, count]) => `${count} ${outcome}`);
  return `${table(['what', 'name', 'outcome', 'why'], rows)}\n\n${summary.join(', ')}`;
}
