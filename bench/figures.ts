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

/** CPU a process has used since it started, in ms: user and system, its ended children apart (proc(5), fields 14 and 15). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks * 10; // USER_HZ is 100 wherever Linux runs Node
}
