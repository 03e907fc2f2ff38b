// Which process is that? A pid alone is reused by the kernel; with its start time and the machine's boot id it names one process.
// So the lab ends what it started and nothing else, also when the one who started it is gone.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type ProcessRecord = {
  /** Name of the unit, also of the file: `node1-agent`. */
  unit: string;
  pid: number;
  /** Ticks since boot: field 22 of /proc/PID/stat (proc(5)). */
  start_time: string;
  boot_id: string;
  command: readonly string[];
};

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();

/** Nothing when there is no such process, or only its exit status is left of it. */
function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // gone
  }
  // The name in parentheses may hold anything, spaces and parentheses too: fields count from the last one.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : fields[18];
}

/** Describes a living process. Nothing when it has ended already. */
export function recordOf(unit: string, pid: number, command: readonly string[]): ProcessRecord | undefined {
  const start_time = startTimeOf(pid);
  return start_time === undefined ? undefined : { unit, pid, start_time, boot_id: bootId(), command };
}

export function isAlive(record: ProcessRecord): boolean {
  return startTimeOf(record.pid) === record.start_time && record.boot_id === bootId();
}

/** Written in one step, so that a reader never meets half a record. */
export function writeRecord(runDir: string, record: ProcessRecord): void {
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const file = join(runDir, `${record.unit}.json`);
  writeFileSync(`${file}.next`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${file}.next`, file);
}

export function removeRecord(runDir: string, unit: string): void {
  rmSync(join(runDir, `${unit}.json`), { force: true });
}

/** What is recorded in this folder, alive or not; a file that is no record is passed over. */
export function readRecords(runDir: string): ProcessRecord[] {
  if (!existsSync(runDir)) return [];
  return readdirSync(runDir)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        const record = JSON.parse(readFileSync(join(runDir, name), 'utf8')) as ProcessRecord;
        return Number.isInteger(record.pid) && record.pid > 1 && typeof record.start_time === 'string' ? [record] : [];
      } catch {
        return []; // removed meanwhile, or not ours
      }
    });
}

/** Asks the process to end (TERM), insists after `patienceMs` (KILL), and returns when it is gone. */
export async function endProcess(record: ProcessRecord, patienceMs: number): Promise<void> {
  signal(record, 'SIGTERM');
  const insistAt = performance.now() + patienceMs;
  for (let insisted = false; isAlive(record); await delay(20)) {
    if (insisted || performance.now() < insistAt) continue;
    insisted = true;
    signal(record, 'SIGKILL');
  }
}

function signal(record: ProcessRecord, name: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
