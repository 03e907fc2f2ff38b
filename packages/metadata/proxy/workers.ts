// Who serves which guest, where there are several threads? An instance is always one thread's, so that its limits are counted in
// one place. A thread that dies is started again, with the guests it had.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Level, Log } from '@assay/daemon';
import type { Doors } from './doors.ts';
import type { MetadataProxyConf } from './options.ts';
import type { Guest } from './ports.ts';
import type { Order, Report } from './worker.ts';

const file = join(import.meta.dirname, 'worker.ts');
const longestWaitMs = 10_000;

type Thread = { readonly worker: Worker; stop(): Promise<void>; set(guests: Map<string, Guest>): Promise<void> };

/** @returns `threads` too, those that run */
export function createWorkers(count: number, conf: MetadataProxyConf, log: Log): Doors & { threads(): Worker[] } {
  let closed = false;
  const slots = Array.from({ length: count }, () => ({
    guests: new Map<string, Guest>(),
    thread: undefined as Thread | undefined,
    done: Promise.resolve(),
    again: undefined as NodeJS.Timeout | undefined,
    failures: 0,
  }));
  const begin = (slot: (typeof slots)[number]) => {
    const since = performance.now();
    const thread = startThread(conf, log);
    slot.thread = thread;
    slot.done = thread.set(slot.guests);
    thread.worker.on('error', (err) => log.error({ err }, 'a worker failed'));
    thread.worker.once('exit', (code) => {
      if (closed) return;
      slot.thread = undefined;
      slot.failures = performance.now() - since > 60_000 ? 0 : slot.failures + 1;
      const waitMs = Math.min(100 * 2 ** (slot.failures - 1), longestWaitMs);
      log.error({ code, waitMs, guests: slot.guests.size }, 'a worker ended and is started again');
      slot.again = setTimeout(() => begin(slot), waitMs);
    });
  };
  for (const slot of slots) begin(slot);
  return {
    set(guests) {
      for (const slot of slots) slot.guests = new Map();
      for (const [id, guest] of guests) slots[Number.parseInt(id.slice(0, 8), 16) % count]?.guests.set(id, guest);
      for (const slot of slots) if (slot.thread) slot.done = slot.thread.set(slot.guests);
    },
    settled: async () => void (await Promise.all(slots.map(({ done }) => done))),
    async close() {
      closed = true;
      for (const { again } of slots) clearTimeout(again);
      await Promise.all(slots.map(({ thread }) => thread?.stop()));
    },
    threads: () => slots.flatMap(({ thread }) => thread?.worker ?? []),
  };
}

function startThread(conf: MetadataProxyConf, log: Log): Thread {
  const worker = new Worker(file, { workerData: conf });
  const ended = once(worker, 'exit').catch(() => undefined); // an error comes before the end of its own
  const waiting = new Map<number, () => void>();
  let number = 0;
  worker.on('message', (report: Report) => {
    if ('done' in report) {
      waiting.get(report.done)?.();
      waiting.delete(report.done);
      return;
    }
    const { level, msg, name: _, pid: __, time: ___, ...fields } = report.line;
    log[level as Exclude<Level, 'silent'>](fields, String(msg));
  });
  const order = (what: Omit<Order, 'number'>) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    number += 1;
    waiting.set(number, resolve);
    worker.postMessage({ number, ...what } satisfies Order);
    return Promise.race([promise, ended]).then(() => undefined);
  };
  return {
    worker,
    set: (guests) => order({ guests }),
    async stop() {
      await order({});
      await ended;
    },
  };
}
