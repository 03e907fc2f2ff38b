// What is done now and then, without anybody asking: looking whether many hosts have fallen, and ending the windows of updates.
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';

export type Housekeeping = {
  /** All of it, now; what fails is a line of the log. */
  run(): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
};

/** @param everyMs a minute at most: nothing that is trusted or not depends on it */
export function keepHouse(chores: readonly (() => Promise<void>)[], everyMs: number, log: Log): Housekeeping {
  let underWay: Promise<void> | undefined;

  async function all(): Promise<void> {
    for (const chore of chores)
      try {
        await chore();
      } catch (err) {
        log[err instanceof AssayError ? 'warn' : 'error']({ err }, 'housekeeping failed; it is tried again');
      }
  }

  const run = (): Promise<void> => {
    underWay ??= all().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  const timer = setInterval(() => void run(), Math.min(everyMs, 60_000)).unref();
  return {
    run,
    async close() {
      clearInterval(timer);
      await underWay;
    },
  };
}
