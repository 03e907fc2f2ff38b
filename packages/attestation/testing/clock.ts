// A clock that stands still until a test moves it, each of its two hands by itself.
import type { Clock } from '@assay/daemon';

export type TestClock = Clock & {
  bootId: string;
  /** Both hands, as time passes. */
  pass(ms: number): void;
  /** The wall clock alone, as `date -s` does. */
  step(ms: number): void;
};

export function testClock(start = '2026-11-23T10:00:00.000Z'): TestClock {
  let wall = Date.parse(start);
  let up = 1_000_000;
  return {
    bootId: 'boot-1',
    now: () => new Date(wall),
    uptimeMs: () => up,
    pass(ms) {
      wall += ms;
      up += ms;
    },
    step(ms) {
      wall += ms;
    },
  };
}
