// How measurements are printed: on which machine, how many, the middle and the ends.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';

export function sayMachine(): void {
  const [cpu] = cpus();
  const load = loadavg()[0]?.toFixed(1);
  console.log(`${availableParallelism()} × ${cpu?.model.trim()}, Node ${process.version}, load average ${load}\n`);
}

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** `12.3 ms (11.0 – 15.2, 5 times)` */
export const spread = (figures: readonly number[], unit: string, digits = 1): string => {
  const [low, high] = [Math.min(...figures), Math.max(...figures)].map((end) => end.toFixed(digits));
  return `${median(figures).toFixed(digits)} ${unit} (${low} – ${high}, ${figures.length} times)`;
};

/**
 * µs of CPU that each piece of work takes, garbage collection included. They take turns, so that whatever else the machine does
 * hits them alike and a ratio within one turn holds.
 */
export function costs<Name extends string>(
  works: Record<Name, () => unknown>,
  { turns = 15, turnMs = 40 } = {},
): Record<Name, number[]> {
  const names = Object.keys(works) as Name[];
  const counts = new Map(names.map((name) => [name, countFor(works[name], turnMs)]));
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let turn = 0; turn < turns; turn++)
    for (const name of names) figures[name].push(cpuUs(works[name], counts.get(name) ?? 1));
  return figures;
}

/** How often it has to run for one turn; doubling warms it up as well. */
function countFor(work: () => unknown, turnMs: number): number {
  let count = 1;
  for (let us = cpuUs(work, count); us * count < turnMs * 1000; us = cpuUs(work, count)) count *= 2;
  return count;
}

function cpuUs(work: () => unknown, count: number): number {
  const began = process.cpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / count;
}

/** Of figures taken in turns: the middle of what each turn’s pair makes. */
export const ratio = (figures: readonly number[], floor: readonly number[]): number =>
  median(figures.map((figure, turn) => figure / (floor[turn] ?? NaN)));

/** One line of the table at the end. */
export type Goal = { what: string; seen: string; goal: string; met: boolean };

export function sayGoals(goals: readonly Goal[]): void {
  console.log('| goal | wanted | seen | |\n| --- | --- | --- | --- |');
  for (const { what, seen, goal, met } of goals)
    console.log(`| ${what} | ${goal} | ${seen} | ${met ? 'met' : '**missed**'} |`);
}

/** CPU a process has used since it started, in ms: user and system, its ended children apart (proc(5), fields 14 and 15). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks * 10; // USER_HZ is 100 wherever Linux runs Node
}
