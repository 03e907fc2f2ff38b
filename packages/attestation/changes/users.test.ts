// Who rests on a value, and who did.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import type { ReferenceSummary } from '@assay/protocol';
import { startFleet } from './testing/fleet.ts';

test('a host whose verdict has expired rests on nothing, and is told apart from one that never did', async (t) => {
  const clock = testClock(Date.now());
  const hosts = [{ name: 'node1' }, { name: 'node2' }, { name: 'odd', variant: 'z' }];
  const { ok, ids } = await startFleet(t, hosts, { clock, verdict_lifetime: 3700 });
  const show = async () => {
    const value = await ok<ReferenceSummary>('GET', `/v1/reference/${ids['hypervisor']}`);
    return [value.hosts, value.hosts_last_heard];
  };
  assert.deepEqual(await show(), [['node1', 'node2'], undefined]);
  clock.pass(3_700_000);
  assert.deepEqual(await show(), [[], ['node1', 'node2']]);
  await ok('DELETE', '/v1/hosts/node1');
  assert.deepEqual(await show(), [[], ['node2']]);
});
