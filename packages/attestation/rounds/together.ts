// What comes at the same time is stored in one transaction: a disk takes about as long to make sure of a hundred challenges as of one.
import type { Db } from '../storage/schema.ts';

/** Those that came first have not to wait for the last. */
const mostAtOnce = 32;

type Work = { run(tx: Db): Promise<unknown>; resolve(value: never): void; reject(error: unknown): void };

/** @returns runs a piece of work in a transaction; one that fails undoes itself and nobody else’s. It may be run twice, the first time undone. */
export function createTogether(db: Db): <T>(run: (tx: Db) => Promise<T>) => Promise<T> {
  let waiting: Work[] = [];
  let isRunning = false;

  const go = async (): Promise<void> => {
    isRunning = true;
    await Promise.resolve(); // whoever asks in the same breath
    while (waiting.length > 0) {
      const batch = waiting.slice(0, mostAtOnce);
      waiting = waiting.slice(mostAtOnce);
      if (!(await inOne(batch))) for (const work of batch) await inOne([work]);
    }
    isRunning = false;
  };

  /** @returns false when one of several failed, and nothing was done */
  async function inOne(batch: readonly Work[]): Promise<boolean> {
    try {
      const values = await db.transaction().execute(async (tx) => {
        const values: unknown[] = [];
        for (const { run } of batch) values.push(await run(tx));
        return values;
      });
      for (const [at, { resolve }] of batch.entries()) resolve(values[at] as never);
      return true;
    } catch (error) {
      if (batch.length > 1) return false;
      batch[0]?.reject(error);
      return true;
    }
  }

  return (run) =>
    new Promise((resolve, reject) => {
      waiting.push({ run, resolve, reject });
      if (!isRunning) void go();
    });
}
