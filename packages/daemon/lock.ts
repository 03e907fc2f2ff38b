// Is another process at work here? A lock that a dead process cannot hold: its file names the holder, and whoever comes next
// looks whether that one lives.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAlive, type ProcessId, processOf } from './process.ts';

/**
 * @param file in a folder that exists
 * @param taken the error to throw; `holder` is the process that has it, or why the lock could not be made
 * @returns gives it back
 */
export function takeLock(
  file: string,
  bootId: string,
  taken: (holder: ProcessId | Error, cause: Error) => Error,
): () => void {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, JSON.stringify(processOf(process.pid, bootId)), { mode: 0o600 });
  try {
    for (let tries = 0; ; tries++) {
      try {
        linkSync(beside, file); // fails where the file is there: of several only one can make it
        return () => rmSync(file, { force: true });
      } catch (error) {
        const cause = error as NodeJS.ErrnoException;
        const holder = holderOf(file);
        if (cause.code !== 'EEXIST' || tries > 3 || (holder && isAlive(holder, bootId)))
          throw taken(holder ?? cause, cause);
        rmSync(file, { force: true }); // of one that was killed
      }
    }
  } finally {
    rmSync(beside, { force: true });
  }
}

function holderOf(file: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessId;
  } catch {
    return undefined; // given back meanwhile, or half written by a machine that fell: nobody holds it
  }
}
