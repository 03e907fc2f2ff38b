import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Answer } from '../peer.ts';
import type { Effect } from './check.ts';
import { novaMakes } from './nova.ts';
import { vtimeOutcome } from './vtime.ts';

const now = new Date('2016-01-14T12:20:55Z');

test('T23 each form of vtime that servers have sent is judged as the filter reads it', () => {
  const cases: [unknown, Effect][] = [
    ['2016-01-14T12:20:50.679+0000', 'fine'],
    ['2016-01-14T12:20:50.679Z', 'fine'],
    ['2016-01-14T12:20:50Z', 'fine'],
    ['2016-01-14T12:20:50+00:00', 'fine'],
    ['2016-01-14T13:20:50+01:00', 'fine'],
    ['2016-01-14T08:20:50-04:00', 'fine'],
    ['2016-01-14T12:20:50', 'fine'],
    ['2016-01-14 12:20:50Z', 'fine'],
    ['20160114T122050Z', 'fine'],
    ['2016-01-14T12:20:50.123456789Z', 'fine'],
    ['2016-01-14', 'no matter'],
    ['2016-01-14T12:19:00Z', 'no matter'],
    ['2016-01-14T13:20:50+0100', 'less safe'],
    ['2016-01-14T13:20:50Z', 'less safe'],
    ['2016-01-14T12:20:50-01:00', 'less safe'],
    ['Thu Jan 14 12:20:50 2016', 'breaks'],
    ['Thu Jan 14 12:20:50 UTC 2016', 'breaks'],
    ['01/14/16', 'breaks'],
    ['1452774050679', 'breaks'],
    ['2016-13-45T99:99:99Z', 'breaks'],
    ['', 'breaks'],
    [1452774050679, 'breaks'],
    [null, 'breaks'],
    [undefined, 'breaks'],
  ];
  for (const [vtime, effect] of cases) assert.deepEqual([vtime, vtimeOutcome(vtime, now).effect], [vtime, effect]);
});

test('whatever a server answers is judged, and never by a failure of ours', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void vtimeOutcome(value, now)));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => void vtimeOutcome(value, now)));
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.jsonValue(), (status, json) => {
      const made = novaMakes({ status, json } as Answer);
      if (made.as === 'used') assert.ok(made.entries.every((entry) => typeof entry['vtime'] === 'string'));
    }),
  );
});
