import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noVerdict } from '../registry/standing.ts';
import { lastGood } from './last-good.ts';

const at = (hour: number) => `2026-11-01T0${hour}:00:00.000Z`;
const verdict = (...good: string[]) => {
  const bad = noVerdict({ host: 'node1', pool: 'default' }, 'measurement-unknown', 'of a test', new Date(at(9)));
  const components = bad.components.map((one) =>
    good.includes(one.component) ? { ...one, trust: 'trusted' as const } : one,
  );
  return { ...bad, components };
};

test('a component was last good when the last evidence of its last good run was verified', () => {
  const history = [
    { at: at(7), until: null, verdict: verdict('firmware') },
    { at: at(5), until: at(6), verdict: verdict('firmware', 'hypervisor') },
    { at: at(1), until: at(2), verdict: verdict('hypervisor', 'boot_loader') },
  ];
  const now = verdict('firmware');
  assert.equal(lastGood('hypervisor', now, history), at(6));
  assert.equal(lastGood('boot_loader', now, history), at(2));
  assert.equal(lastGood('firmware', now, history), at(9), 'it is good');
  assert.equal(lastGood('operating_system', now, history), undefined, 'it never was');
  assert.equal(lastGood('hypervisor', now, []), undefined);
});

test('evidence that became good by a change is good from the change on', () => {
  const history = [
    { at: at(8), until: null, verdict: verdict() },
    { at: at(5), until: at(3), verdict: verdict('hypervisor') },
  ];
  assert.equal(lastGood('hypervisor', verdict(), history), at(5));
});
