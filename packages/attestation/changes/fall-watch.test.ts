import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FallWatch } from './fall-watch.ts';

const minute = 60_000;
const of = (watch: FallWatch, atMs: number) => {
  const { hosts, trustedBefore, percent } = watch.falls(atMs);
  return [hosts, trustedBefore, Math.round(percent)];
};
const see = (watch: FallWatch, host: string, trusted: boolean, atMs: number, pool = 'default') =>
  watch.see({ host, pool, trusted }, atMs);

function ten(): FallWatch {
  const watch = new FallWatch(5 * minute);
  for (let i = 0; i < 10; i++) see(watch, `node${i}`, true, 0);
  return watch;
}

test('hosts that fall within the window count, until it has passed', () => {
  const watch = ten();
  see(watch, 'node1', false, minute);
  see(watch, 'node2', false, 3 * minute);
  assert.deepEqual(of(watch, 3 * minute), [['node1', 'node2'], 10, 20]);
  assert.deepEqual(of(watch, 6 * minute), [['node2'], 9, 11]);
  assert.deepEqual(of(watch, 9 * minute), [[], 8, 0]);
});

test('a host that comes back has not fallen; one that was never trusted cannot fall', () => {
  const watch = ten();
  see(watch, 'node1', false, minute);
  see(watch, 'node1', true, 2 * minute);
  see(watch, 'new', false, 2 * minute);
  assert.deepEqual(of(watch, 2 * minute), [[], 10, 0]);
});

test('falling again and again is one fall, counted from the first', () => {
  const watch = ten();
  see(watch, 'node1', false, minute);
  see(watch, 'node1', false, 5 * minute);
  assert.deepEqual(of(watch, 5 * minute), [['node1'], 10, 10]);
  assert.deepEqual(of(watch, 6 * minute), [[], 9, 0]);
});

test('a host that falls in one of its pools has fallen, and is one host', () => {
  const watch = ten();
  see(watch, 'node1', true, 0, 'second');
  see(watch, 'node1', false, minute, 'second');
  assert.deepEqual(of(watch, minute), [['node1'], 10, 10]);
  see(watch, 'node1', false, minute);
  assert.deepEqual(of(watch, minute), [['node1'], 10, 10]);
});

test('who is removed, leaves a pool, or falls by decision has not fallen', async () => {
  const watch = ten();
  watch.forget({ host: 'node1', pool: 'default' });
  see(watch, 'node2', false, minute);
  watch.forget({ host: 'node2', pool: 'default' });
  await watch.excuse(new Set(['node3']), async () => {
    see(watch, 'node3', false, minute);
    see(watch, 'node4', false, minute);
  });
  see(watch, 'node5', false, minute);
  assert.deepEqual(of(watch, minute), [['node4', 'node5'], 7, 29]);
});

test('who falls by decision is remembered for a day, or until trusted again, removed, or out of the pool', async () => {
  const watch = ten();
  const at = (atMs: number) => [watch.forced(atMs)?.hosts, watch.forced(atMs)?.atMs];
  assert.deepEqual(at(0), [undefined, undefined]);
  for (const [i, host] of ['node1', 'node2', 'node3'].entries())
    await watch.excuse(new Set([host]), async () => see(watch, host, false, i * minute));
  assert.deepEqual(at(3 * minute), [['node1', 'node2', 'node3'], 2 * minute]);
  see(watch, 'node3', true, 3 * minute);
  assert.deepEqual(at(3 * minute), [['node1', 'node2'], minute]);
  watch.forget({ host: 'node2', pool: 'default' });
  assert.deepEqual(at(3 * minute), [['node1'], 0]);
  assert.deepEqual(at(24 * 60 * minute - 1)[0], ['node1']);
  assert.deepEqual(at(24 * 60 * minute)[0], undefined);
});

test('an excuse ends with the work, also when that fails', async () => {
  const watch = ten();
  await assert.rejects(watch.excuse(new Set(['node1']), () => Promise.reject(new Error('no'))));
  see(watch, 'node1', false, minute);
  assert.deepEqual(of(watch, minute)[0], ['node1']);
});

test('held, nobody who is down is forgotten with time; released, everybody is', () => {
  const watch = ten();
  see(watch, 'node0', false, 0);
  see(watch, 'node1', false, 3 * minute);
  watch.hold(6 * minute);
  see(watch, 'node2', false, 30 * minute);
  assert.deepEqual(of(watch, 60 * minute), [['node1', 'node2'], 9, 22]);
  watch.release();
  assert.deepEqual(of(watch, 60 * minute), [[], 7, 0]);
});

test('whatever is seen, fallen hosts are down, and no share is beyond the whole', () => {
  const step = fc.record({
    host: fc.constantFrom('a', 'b', 'c'),
    pool: fc.constantFrom('p', 'q'),
    trusted: fc.boolean(),
    passMs: fc.integer({ min: 0, max: 3 * minute }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const watch = new FallWatch(5 * minute);
      const now = new Map<string, boolean>();
      let atMs = 0;
      for (const { host, pool, trusted, passMs } of steps) {
        atMs += passMs;
        watch.see({ host, pool, trusted }, atMs);
        now.set(`${host} ${pool}`, trusted);
        const { hosts, trustedBefore, percent } = watch.falls(atMs);
        for (const fallen of hosts) assert.ok(['p', 'q'].some((one) => now.get(`${fallen} ${one}`) === false));
        const up = new Set([...now].filter(([, is]) => is).map(([key]) => key.split(' ')[0] ?? ''));
        assert.equal(trustedBefore, new Set([...up, ...hosts]).size);
        assert.ok(percent >= 0 && percent <= 100);
      }
    }),
  );
});
