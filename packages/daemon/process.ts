// Which process is that? A pid alone is given out again by the kernel; with its start time and the machine's boot id it names
// one process, also to somebody who comes after the one that started it.
import { readFileSync } from 'node:fs';

/** Fit for JSON. */
export type ProcessId = {
  pid: number;
  /** Ticks since boot: field 22 of /proc/PID/stat (proc(5)). */
  start_time: string;
  boot_id: string;
};

/**
 * @param bootId of this boot, as `Clock` has it
 * @returns nothing when there is no such process, or only its exit status is left of it
 */
export function processOf(pid: number, bootId: string): ProcessId | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // gone
  }
  // The name in parentheses may hold anything, spaces and parentheses too: fields count from the last one.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start_time = fields[18];
  return state === 'Z' || state === 'X' || start_time === undefined ? undefined : { pid, start_time, boot_id: bootId };
}

export function isAlive({ pid, start_time, boot_id }: ProcessId, bootId: string): boolean {
  return boot_id === bootId && processOf(pid, bootId)?.start_time === start_time;
}

/** Nothing happens when it has ended already, whoever has its pid now. */
export function signalProcess(process_: ProcessId, signal: NodeJS.Signals, bootId: string): void {
  if (!isAlive(process_, bootId)) return;
  try {
    process.kill(process_.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
