import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEventLog } from '@assay/measurement';
import { buildLog, labelled } from '@assay/measurement/testing';
import fc from 'fast-check';
import { quotedEvents } from '../reference/learn.ts';
import { align } from './align.ts';

const selection = [{ hash: 'sha256' as const, pcrs: [9] }];
const seen = (names: readonly string[]) =>
  quotedEvents(parseEventLog(buildLog(names.map((name) => labelled(9, name, name)))), selection);
const known = (names: readonly string[]) => seen(names).map(({ reference }) => reference);
const told = (before: string, after: string) => {
  const { departures } = align(known([...before]), seen([...after]), ['sha256']);
  const nameOf = (description: string | undefined) => /“(.)”/.exec(description ?? '')?.[1] ?? '';
  return departures.map((one) => `${nameOf(one.expected?.description)}>${nameOf(one.seen?.reference.description)}`);
};

test('one in the place of another, one more and one missing are told apart', () => {
  assert.deepEqual(told('abc', 'abc'), []);
  assert.deepEqual(told('abc', 'axc'), ['b>x']);
  assert.deepEqual(told('abc', 'abxc'), ['>x']);
  assert.deepEqual(told('abc', 'ac'), ['b>']);
  assert.deepEqual(told('abcdef', 'axcef'), ['b>x', 'd>']);
  assert.deepEqual(told('', 'ab'), ['>a', '>b']);
  assert.deepEqual(told('ab', ''), ['a>', 'b>']);
});

test('departures lead from one to the other, and are no more than need be', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
  fc.assert(
    fc.property(names, names, (before, after) => {
      const { departures, same } = align(known(before), seen(after), ['sha256']);
      const more = departures.filter(({ expected }) => !expected).length;
      const less = departures.filter(({ seen: one }) => !one).length;
      assert.equal(before.length + more - less, after.length);
      assert.equal(same.length + departures.length - less, after.length);
      assert.ok(departures.length <= Math.max(before.length, after.length));
      assert.equal(departures.length === 0, before.join() === after.join());
    }),
  );
  assert.ok(align(known(['a']), seen(['a']), []).departures.length > 0, 'without a bank nothing is the same');
});
