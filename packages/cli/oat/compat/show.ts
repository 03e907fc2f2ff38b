// What a try of a server looks like at a terminal: what matters first, and with --all what is as it should be.
import { escaped } from '@assay/core';
import { table } from '../../operator/table.ts';
import type { Effect, Finding } from './check.ts';

/** Of what a server said, in one cell; --json has all of it. */
const most = 300;

const order: readonly Effect[] = ['breaks', 'less safe', 'no matter', 'fine'];

export const countsOf = (findings: readonly Finding[]): Record<Effect, number> => {
  const counts: Record<Effect, number> = { breaks: 0, 'less safe': 0, 'no matter': 0, fine: 0 };
  for (const { effect } of findings) counts[effect]++;
  return counts;
};

/** Whether somebody who moves to this server, or stays with it, has to know. */
export const matters = (findings: readonly Finding[]): boolean =>
  findings.some(({ effect }) => effect === 'breaks' || effect === 'less safe');

export function findingsText(findings: readonly Finding[], all: boolean): string {
  const shown = order
    .flatMap((effect) => findings.filter((one) => one.effect === effect))
    .filter(({ effect }) => all || effect !== 'fine');
  const rows = shown.map(({ check, effect, expected, got, because }) => [
    check,
    effect,
    escaped(expected),
    escaped(got.length > most ? `${got.slice(0, most)}…` : got),
    escaped(because ?? ''),
  ]);
  const counts = countsOf(findings);
  const summary = `${findings.length} checks: ${order.map((effect) => `${counts[effect]} ${effect}`).join(', ')}`;
  if (rows.length === 0) return summary;
  return `${table(['check', 'effect', 'expected', 'got', 'because'], rows, process.stdout, ['got'])}\n\n${summary}`;
}
