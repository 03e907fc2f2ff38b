// Is another compute-host at work on these instances? Two would start and end the same guests.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { parse } from '@assay/protocol';
import { isAlive, ProcessId, processOf } from './process.ts';

/** @returns what gives the folder back @throws AssayError `host-in-use` */
export function takeFolder(instancesDir: string, bootId: string): () => void {
  const file = join(instancesDir, '.compute-host');
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, JSON.stringify(processOf(process.pid, bootId)), { mode: 0o600 });
  try {
    for (let tries = 0; ; tries++) {
      try {
        linkSync(beside, file); // fails where the file is there: of several only one can make it
        return () => rmSync(file, { force: true });
      } catch (error) {
        const held = holder(file);
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 3 || (held && isAlive(held, bootId)))
          throw new AssayError('host-in-use', instancesDir, 'a folder no other compute-host works on', held ?? error, {
            cause: error,
            hint: 'end that process first',
          });
        rmSync(file, { force: true }); // of one that was killed
      }
    }
  } finally {
    rmSync(beside, { force: true });
  }
}

function holder(file: string): ProcessId | undefined {
  try {
    return parse(ProcessId, readFileSync(file, 'utf8'), file);
  } catch {
    return undefined; // gone meanwhile, or half written by a machine that fell: nobody holds it
  }
}
