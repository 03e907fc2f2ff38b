// Which process is that? A pid alone is given out again; with its start time and the machine's boot id it names one process.
import { readFileSync } from 'node:fs';
import { Type } from 'typebox';

export const ProcessId = Type.Object({
  pid: Type.Integer({ minimum: 2 }),
  /** Ticks since boot: field 22 of /proc/PID/stat (proc(5)). */
  start_time: Type.String({ pattern: '^[0-9]+$' }),
  boot_id: Type.String(),
});
export type ProcessId = { pid: number; start_time: string; boot_id: string };

/** Undefined when there is no such process, or only its exit status is left of it. */
export function processOf(pid: number, bootId: string): ProcessId | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // gone
  }
  // The name in parentheses may hold anything, parentheses too: fields count from the last one.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start_time = fields[18];
  return state === 'Z' || state === 'X' || start_time === undefined ? undefined : { pid, start_time, boot_id: bootId };
}

export function isAlive({ pid, start_time, boot_id }: ProcessId, bootId: string): boolean {
  return boot_id === bootId && processOf(pid, bootId)?.start_time === start_time;
}

/** Ends it without asking; nothing happens when it has ended already. */
export function kill(process_: ProcessId, bootId: string): void {
  if (!isAlive(process_, bootId)) return;
  try {
    process.kill(process_.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
