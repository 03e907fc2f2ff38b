// Is somebody else starting or stopping this lab right now? A lock that a dead process cannot hold.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import type { Layout } from './layout.ts';
import { isAlive, type ProcessRecord, recordOf } from './supervisor/process-record.ts';

/** @returns releases the lock @throws AssayError `lab-busy` */
export function lockLab(paths: Layout): () => void {
  mkdirSync(paths.runDir, { recursive: true, mode: 0o700 });
  const own = `${paths.lock}.${process.pid}`;
  writeFileSync(own, JSON.stringify(recordOf('up', process.pid, [])), { mode: 0o600 });
  try {
    for (let tries = 0; ; tries++) {
      try {
        linkSync(own, paths.lock); // whole, or not at all
        return () => rmSync(paths.lock, { force: true });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
        const holder = holderOf(paths.lock);
        if (tries > 1 || (holder && isAlive(holder)))
          throw new AssayError(
            'lab-busy',
            paths.root,
            'nobody else starting or stopping this lab',
            `process ${holder?.pid}`,
            {
              hint: 'wait until it is done',
            },
          );
        rmSync(paths.lock, { force: true });
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function holderOf(file: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
  } catch {
    return undefined; // released meanwhile
  }
}
