// Is another compute-host at work on these instances? Two would start and end the same guests.
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { takeLock } from '@assay/daemon';

/** @returns what gives the folder back @throws AssayError `host-in-use` */
export const takeFolder = (instancesDir: string, bootId: string): (() => void) =>
  takeLock(
    join(instancesDir, '.compute-host'),
    bootId,
    (holder, cause) =>
      new AssayError('host-in-use', instancesDir, 'a folder no other compute-host works on', holder, {
        cause,
        hint: 'end that process first',
      }),
  );
