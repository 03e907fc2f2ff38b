// For how long is remembered what became of hosts? What is older is forgotten now and then, as part of the rounds, a little at a time.
import type { Clock, Log } from '@assay/daemon';
import type { Db } from '../storage/schema.ts';
import { forgetHistory } from '../storage/verdict-history.ts';

export type HistoryKeeper = {
  /** After a round: forgets, at most once an hour. Keeps nobody waiting. */
  due(): void;
  /** When what is under way is done. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

const everyMs = 3_600_000;
const dayMs = 86_400_000;

/** @param days how long; a verdict that is still the last one of its pool is never forgotten */
export function createHistoryKeeper(
  { db, clock, log }: { db: Db; clock: Clock; log: Log },
  days: number,
): HistoryKeeper {
  let doneAtMs = Number.NEGATIVE_INFINITY;
  let closed = false;
  let underWay: Promise<void> = Promise.resolve();

  async function forget(before: Date): Promise<void> {
    try {
      // Each step a transaction of its own: rounds go on between them.
      while (!closed && (await db.transaction().execute((tx) => forgetHistory(tx, before, mostAtOnce))) === mostAtOnce);
    } catch (err) {
      log.warn({ err }, 'old history could not be forgotten; it is tried again in an hour');
    }
  }

  return {
    due() {
      const at = clock.uptimeMs();
      if (closed || at - doneAtMs < everyMs) return;
      doneAtMs = at;
      underWay = underWay.then(() => forget(new Date(clock.now().getTime() - days * dayMs)));
    },
    settled: () => underWay,
    async close() {
      closed = true;
      await underWay;
    },
  };
}

const mostAtOnce = 100;
