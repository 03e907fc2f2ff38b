// A clock that stands still until a test moves it, each of its two hands by itself.
import type { Clock } from '../clock.ts';

export type TestClock = Clock & {
  /** Another one: the machine has booted anew. */
  bootId: string;
  /** Both hands, as time passes. */
  pass(ms: number): void;
  /** The wall clock alone, as `date -s` does. */
  step(ms: number): void;
};

export function testClock(start: string | number = '2026-11-23T10:00:00.000Z'): TestClock {
  let wallMs = new Date(start).getTime();
  let uptimeMs = 1_000_000;
  return {
    bootId: 'boot-1',
    now: () => new Date(wallMs),
    uptimeMs: () => uptimeMs,
    pass(ms) {
      wallMs += ms;
      uptimeMs += ms;
    },
    step(ms) {
      wallMs += ms;
    },
  };
}
