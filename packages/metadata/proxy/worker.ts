// Runs in a thread of its own: serves the guests that the main thread gives it. Its log lines go through the main thread.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createLog } from '@assay/daemon';
import { createCarrier } from './carrier.ts';
import { type MetadataProxyConf, proxySettings } from './options.ts';
import type { Guest } from './ports.ts';

/** To the worker: its guests, all of them; without them it ends. */
export type Order = { readonly number: number; readonly guests?: ReadonlyMap<string, Guest> };
/** From it. */
export type Report = { readonly done: number } | { readonly line: Record<string, unknown> };

const port = parentPort as MessagePort;
const tell = (report: Report) => port.postMessage(report);
const log = createLog('worker', undefined, { write: (line) => tell({ line: JSON.parse(line) }) });
const carrier = createCarrier(proxySettings(workerData as MetadataProxyConf), log);
port.on('message', async ({ number, guests }: Order) => {
  if (guests) carrier.set(guests);
  else await carrier.close();
  await carrier.settled();
  tell({ done: number });
  if (!guests) port.close();
});
