// Is somebody else starting or stopping this lab right now?
import { mkdirSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { systemClock, takeLock } from '@assay/daemon';
import type { Layout } from './layout.ts';

/** @returns releases the lock @throws AssayError `lab-busy` */
export function lockLab({ runDir, lock, root }: Layout): () => void {
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  return takeLock(lock, systemClock.bootId, (holder, cause) => {
    const who = holder instanceof Error ? holder : `process ${holder.pid}`;
    return new AssayError('lab-busy', root, 'nobody else starting or stopping this lab', who, {
      cause,
      hint: 'wait until it is done',
    });
  });
}
