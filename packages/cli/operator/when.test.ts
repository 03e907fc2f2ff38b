import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changedLabels } from './labels.ts';
import { windowOf } from './update-window.ts';
import { instantOf } from './when.ts';
import { who } from './who.ts';

const now = new Date('2026-11-23T12:00:00Z');
const at = (text: string) => instantOf(text, '--until', now);

test('an instant is RFC 3339, a day, or a time from now', () => {
  assert.equal(at('14d'), '2026-12-07T12:00:00.000Z');
  assert.equal(at('6h'), '2026-11-23T18:00:00.000Z');
  assert.equal(at('30m'), '2026-11-23T12:30:00.000Z');
  assert.equal(at('2w'), '2026-12-07T12:00:00.000Z');
  assert.equal(at('2027-01-31T06:00:00+02:00'), '2027-01-31T04:00:00.000Z');
  assert.equal(at('2027-01-31'), '2027-01-31T00:00:00.000Z');
});

test('a time without a zone is of UTC, as every time that is shown', () => {
  const zone = process.env['TZ'];
  process.env['TZ'] = 'Asia/Tokyo';
  try {
    assert.equal(at('2027-01-31T06:00'), '2027-01-31T06:00:00.000Z');
    assert.equal(at('2027-01-31t06:00:30'), '2027-01-31T06:00:30.000Z');
    assert.equal(at('2027-01-31'), '2027-01-31T00:00:00.000Z');
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});

test('a span of more than ten years is a slip of the hand; a date that far away was meant', () => {
  assert.equal(at('3650d'), '2036-11-20T12:00:00.000Z');
  for (const long of ['3651d', '99999d', '99999w'])
    assert.throws(() => at(long), { code: 'cli-time', message: /at most 3650d/ });
  assert.equal(at('2300-01-01'), '2300-01-01T00:00:00.000Z');
});

test('what is no instant is refused: units nobody knows, days that are none, times that are none', () => {
  for (const wrong of [
    '',
    '14',
    'd',
    '0d',
    '-1d',
    '14 d',
    '14y',
    '2027-02-31',
    '2027-13-01',
    '30s',
    '2027-01-31T25:00',
    '2027-01-31 06:00',
    '2027-01-31+02:00',
    'tomorrow',
  ])
    assert.throws(() => at(wrong), { code: 'cli-time', where: '--until' }, wrong);
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.ok(!Number.isNaN(Date.parse(at(text))));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'cli-time');
      }
    }),
  );
});

test('a window belongs to an update, and is refused without one', () => {
  assert.deepEqual(windowOf({}, now), {});
  assert.deepEqual(windowOf({ next: true }, now), { next: {} });
  assert.deepEqual(windowOf({ next: true, until: '1d', replaces: ['ab'] }, now), {
    next: { until: '2026-11-24T12:00:00.000Z', replaces: ['ab'] },
  });
  for (const given of [{ from: '1d' }, { until: '1d' }, { replaces: ['ab'] }])
    assert.throws(() => windowOf(given, now), { code: 'cli-option' });
  assert.deepEqual(windowOf({ until: '1d' }, now, true), { next: { until: '2026-11-24T12:00:00.000Z' } });
});

test('who changes something is what ASSAY_USER says, else whoever is logged in where', () => {
  assert.equal(who({ ASSAY_USER: 'ada' }), 'ada');
  assert.match(who({}), /^.+@.+$/);
  assert.equal(who({ ASSAY_USER: 'x'.repeat(300) }).length, 255);
});

test('labels are set and taken away one by one, and those not named stay', () => {
  assert.deepEqual(changedLabels({ a: '1', zone: 'dmz' }, ['zone-', 'b=2=3', 'a=']), { a: '', b: '2=3' });
  for (const wrong of ['zone', '=dmz', '-', 'a b=c', '-a=b'])
    assert.throws(() => changedLabels({}, [wrong]), { code: 'cli-label' });
});
