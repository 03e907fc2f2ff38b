// Work on one instance happens in the order it came, one piece at a time; different instances do not wait for each other.
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';

export type Lanes = {
  /**
   * Runs `job` when everything before it in this lane is done. Never rejects: what fails is logged, and tried again when it
   * was the database that could not answer, since nothing that was taken on may be lost.
   */
  run(id: string, name: string, job: () => Promise<void>): void;
  /** How many jobs of this lane wait behind the one that runs. */
  waiting(id: string): number;
  /** All lanes are empty. */
  idle(): Promise<void>;
};

const longestPauseMs = 30_000;

export function lanes(log: Log, closing: AbortSignal, firstPauseMs = 500): Lanes {
  const tails = new Map<string, { last: Promise<void>; waiting: number }>();

  const attempt = async (id: string, name: string, job: () => Promise<void>): Promise<void> => {
    for (let pauseMs = firstPauseMs; !closing.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await job();
      } catch (error) {
        if (closing.aborted) return;
        log.error({ err: error, instance: id }, `could not ${name}`);
        if (!(error instanceof AssayError && error.code.startsWith('storage-'))) return;
        await sleep(pauseMs, undefined, { signal: closing }).catch(() => undefined);
      }
    }
  };

  return {
    run(id, name, job) {
      const lane = tails.get(id) ?? { last: Promise.resolve(), waiting: 0 };
      tails.set(id, lane);
      lane.waiting++;
      const mine = lane.last.then(async () => {
        lane.waiting--;
        await attempt(id, name, job);
        if (lane.last === mine) tails.delete(id);
      });
      lane.last = mine;
    },
    waiting: (id) => tails.get(id)?.waiting ?? 0,
    async idle() {
      while (tails.size > 0) await Promise.all([...tails.values()].map(({ last }) => last));
    },
  };
}
