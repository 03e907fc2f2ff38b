// A clock that a test sets: both hands move only when told.
import type { Clock } from '@assay/daemon';

export type TestClock = Clock & {
  /** Time passes: both clocks go on. */
  pass(ms: number): void;
  /** Somebody sets the wall clock; the boot clock does not notice. */
  step(ms: number): void;
};

export function testClock(start = Date.parse('2026-11-23T10:00:00.000Z')): TestClock {
  let wallMs = start;
  let uptimeMs = 1_000_000;
  return {
    now: () => new Date(wallMs),
    uptimeMs: () => uptimeMs,
    bootId: '00000000-0000-4000-8000-000000000001',
    pass(ms) {
      wallMs += ms;
      uptimeMs += ms;
    },
    step(ms) {
      wallMs += ms;
    },
  };
}
