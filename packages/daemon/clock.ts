// What time is it, and how long has the machine been up? Two clocks, because one of them can be set back.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

export type Clock = {
  /** Wall clock: can be stepped in both directions. */
  now(): Date;
  /** Milliseconds since the machine started, also through suspend; no step of the wall clock touches it. Steps of 10 ms. */
  uptimeMs(): number;
  /** Two uptimes can be compared only under the same boot id. */
  readonly bootId: string;
};

export const systemClock: Clock = {
  now: () => new Date(),
  uptimeMs: () => Math.round(uptime() * 1000),
  bootId: bootId(),
};

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
  } catch {
    // Unknown is as good as "another boot": ages recorded before this process then count by wall clock alone.
    return randomUUID();
  }
}
