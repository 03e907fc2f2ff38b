// What did the lab start? One file a process, so that the lab ends what it started and nothing else, also when the one who
// started it is gone.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive as isSame, type ProcessId, processOf, signalProcess, systemClock } from '@assay/daemon';

export type ProcessRecord = ProcessId & {
  /** Name of the unit, also of the file: `node1-agent`. */
  unit: string;
  command: readonly string[];
};

const { bootId } = systemClock;

/** Describes a living process. Nothing when it has ended already. */
export function recordOf(unit: string, pid: number, command: readonly string[]): ProcessRecord | undefined {
  const found = processOf(pid, bootId);
  return found && { unit, ...found, command };
}

export const isAlive = (record: ProcessRecord): boolean => isSame(record, bootId);

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
  signalProcess(record, 'SIGTERM', bootId);
  const insistAt = performance.now() + patienceMs;
  for (let insisted = false; isAlive(record); await delay(20)) {
    if (insisted || performance.now() < insistAt) continue;
    insisted = true;
    signalProcess(record, 'SIGKILL', bootId);
  }
}
