import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateLimit, rateWindows, type Window } from './rate-limit.ts';

const defaults = rateWindows({
  rate_limit_enabled: true,
  base_window_duration: 60,
  base_query_rate_limit: 600,
  burst_window_duration: 10,
  burst_query_rate_limit: 200,
});

function limit(windows: readonly Window[], mostIds?: number) {
  const clock = { ms: 123_456 };
  return { clock, rate: new RateLimit(windows, () => clock.ms, mostIds) };
}

test('a boot’s requests pass at once, a flood is told to wait, and is served after that wait', () => {
  const { clock, rate } = limit(defaults);
  for (let i = 0; i < 200; i++) assert.equal(rate.take('a'), undefined);
  const wait = rate.take('a') ?? 0;
  assert.ok(wait >= 9 && wait <= 11, `${wait} s`);
  clock.ms += wait * 1000;
  assert.equal(rate.take('a'), undefined);
});

test('the longer window holds where the shorter one would let through', () => {
  const { clock, rate } = limit(defaults);
  let taken = 0;
  for (let second = 0; second < 60; second++, clock.ms += 1000)
    for (let i = 0; i < 19; i++) if (rate.take('a') === undefined) taken++;
  assert.equal(taken, 600);
});

test('one instance’s flood is nothing to another', () => {
  const { rate } = limit(defaults);
  for (let i = 0; i < 1000; i++) rate.take('a');
  assert.equal(rate.take('b'), undefined);
});

test('without windows nobody waits', () => {
  const { rate } = limit([]);
  for (let i = 0; i < 5000; i++) assert.equal(rate.take('a'), undefined);
});

test('however many ask, so many are remembered: the one that asked longest ago is forgotten', () => {
  const { rate } = limit([{ queries: 1, seconds: 10 }], 100);
  for (let i = 0; i < 100; i++) rate.take(`${i}`);
  assert.notEqual(rate.take('0'), undefined);
  rate.take('100');
  assert.equal(rate.size, 100);
  assert.notEqual(rate.take('0'), undefined, 'it asked just before');
  assert.equal(rate.take('1'), undefined, 'forgotten');
});

test('never more than the limit in any span of a window, and whoever waits as told is served', () => {
  const windows = fc.array(
    fc.record({ queries: fc.integer({ min: 1, max: 9 }), seconds: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 2,
    },
  );
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 12_000 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(windows, steps, fc.nat(1e9), (all, gaps, start) => {
      const { clock, rate } = limit(all);
      clock.ms = start;
      const taken: number[] = [];
      for (const gap of gaps) {
        clock.ms += gap;
        const wait = rate.take('a');
        if (wait === undefined) taken.push(clock.ms);
        else {
          assert.ok(Number.isInteger(wait) && wait >= 1);
          if (gap % 3 === 0) {
            clock.ms += wait * 1000;
            assert.equal(rate.take('a'), undefined, 'waited as told');
            taken.push(clock.ms);
          }
        }
      }
      for (const { queries, seconds } of all)
        for (let i = queries; i < taken.length; i++)
          assert.ok((taken[i] as number) - (taken[i - queries] as number) >= seconds * 1000);
    }),
  );
});

test('a clock that stands still or begins below zero breaks nothing', () => {
  const { clock, rate } = limit([{ queries: 2, seconds: 1 }]);
  clock.ms = -5000.5;
  assert.equal(rate.take('a'), undefined);
  assert.equal(rate.take('a'), undefined);
  assert.ok((rate.take('a') ?? 0) >= 1);
  clock.ms += 1200;
  assert.equal(rate.take('a'), undefined);
});
