import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReferenceValue } from '@assay/protocol';
import { replacesText, unchangedWindow } from './replacing.ts';

const value = (given: Partial<ReferenceValue>): ReferenceValue => ({
  id: '0123456789abcdef',
  component: 'hypervisor',
  content: { form: 'files', files: [] },
  state: 'next',
  source: { kind: 'list', name: 'x' },
  by: 'ada',
  added_at: '2026-11-23T00:00:00Z',
  ...given,
});

test('what an update replaces is named; what is gone by now by its id; what is no update replaces nothing', () => {
  const there = [value({ id: 'aaaaaaaaaaaa', name: 'linux', version: '6.1' })];
  assert.equal(
    replacesText(value({ replaces: ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] }), there),
    'replaces, when it is promoted: hypervisor linux 6.1 (aaaaaaaa), bbbbbbbb',
  );
  assert.equal(replacesText(value({ state: 'current' }), there), '');
});

test('of a known value it is said when it is not in the window that was asked for', () => {
  const until = '2026-12-01T00:00:00Z';
  const is = value({ until, replaces: ['aaaaaaaaaaaa'] });
  assert.equal(
    unchangedWindow(is, undefined),
    'it is next: current at 2026-12-01 00:00Z, or now: assay reference promote 01234567',
  );
  assert.equal(unchangedWindow(value({}), undefined), 'it is next: assay reference promote 01234567 makes it current');
  assert.equal(unchangedWindow(value({ state: 'current' }), undefined), '');
  assert.equal(unchangedWindow(is, { until: '2026-12-01T00:00:00.000Z', replaces: ['aaaa'] }), '');
  for (const asked of [{ until: '2026-12-02T00:00:00Z' }, { from: until }, { replaces: ['bbbb'] }])
    assert.equal(unchangedWindow(is, asked), 'its window was not changed: until 2026-12-01 00:00Z');
  assert.equal(unchangedWindow(value({}), { until }), 'its window was not changed: no end');
  assert.equal(unchangedWindow(value({ state: 'retired' }), { until }), '');
});
