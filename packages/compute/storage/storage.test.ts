import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachDatabase } from '@assay/daemon/testing';
import { exampleInstance, insertExample } from '../testing/instance.ts';
import { allNodes, isUp, nodeSeen, reportNode, setDisabled, usageByHost } from './compute-nodes.ts';
import { decisionsFor, insertDecision, setOutcome } from './decisions.ts';
import { actionsOf, finishNewestAction, insertAction } from './instance-actions.ts';
import { addressOf, changeInstance, insertInstances, instanceById, instancesOnHost } from './instances.ts';
import { openStorage } from './open.ts';
import { setQuotas } from './quotas.ts';

const now = new Date('2026-11-23T10:00:00.000Z');
const later = new Date('2026-11-23T10:00:05.000Z');

eachDatabase('an instance is read back as it was written, and changes only where it is as expected', async (url) => {
  const db = await openStorage(url);
  try {
    const made = await insertExample(db, { metadata: { a: 'ü' }, trust: 'trusted', pool: 'secure' }, now);
    assert.deepEqual(await instanceById(db, made.id), made);
    assert.equal(made.number, 1);
    const claimed = await changeInstance(db, made.id, { host: 'node1', task_state: 'spawning' }, later, {
      host: null,
      task_state: 'scheduling',
    });
    assert.equal(claimed?.updated_at, later.toISOString());
    assert.equal(await changeInstance(db, made.id, { host: 'node2' }, later, { host: null }), undefined);
    assert.deepEqual(
      (await instancesOnHost(db, 'node1')).map((one) => one.id),
      [made.id],
    );
    assert.deepEqual((await usageByHost(db)).get('node1'), { instances: 1, vcpus: 1, memory_mb: 256, local_gb: 0 });
  } finally {
    await db.destroy();
  }
});

eachDatabase('parallel boots never pass the quota, and those refused leave nothing behind', async (url) => {
  const db = await openStorage(url);
  try {
    await setQuotas(db, 'p'.repeat(32), { instances: 5 });
    const boots = await Promise.allSettled(
      Array.from({ length: 4 }, () =>
        insertInstances(
          db,
          [0, 1].map((launch_index) => exampleInstance({ project_id: 'p'.repeat(32), launch_index })),
          now,
        ),
      ),
    );
    assert.equal(boots.filter((boot) => boot.status === 'fulfilled').length, 2);
    for (const boot of boots) if (boot.status === 'rejected') assert.equal(boot.reason.code, 'quota-forbidden');
    const numbers = await db.selectFrom('instances').select('number').orderBy('number').execute();
    assert.deepEqual(
      numbers.map((row) => row.number),
      [1, 2, 3, 4],
    );
  } finally {
    await db.destroy();
  }
});

eachDatabase('a host that comes back keeps its id and what the operator set', async (url) => {
  const db = await openStorage(url);
  try {
    const report = {
      host: 'node1',
      hypervisor_hostname: 'node1',
      zone: 'nova',
      vcpus: 2,
      memory_mb: 1024,
      local_gb: 1,
      hypervisor_version: 7002000,
      host_ip: '127.0.0.1',
    };
    const first = await reportNode(db, report, now);
    await setDisabled(db, first.service_id, true, 'disk', now);
    const second = await reportNode(db, { ...report, memory_mb: 2048 }, later);
    assert.deepEqual(
      { id: second.id, disabled: second.disabled, reason: second.disabled_reason, memory: second.memory_mb },
      { id: first.id, disabled: 1, reason: 'disk', memory: 2048 },
    );
    await nodeSeen(db, 'node1', now); // after the clock was set back
    const [node] = await allNodes(db);
    assert.equal(node?.last_seen_at, now.toISOString());
    assert.equal(isUp(second, new Date(later.getTime() + 60_000), 60), true);
    assert.equal(isUp(second, new Date(later.getTime() + 60_001), 60), false);
    assert.equal(isUp(second, new Date(later.getTime() - 60_001), 60), false);
  } finally {
    await db.destroy();
  }
});

eachDatabase('decisions and actions are kept with what came of them', async (url) => {
  const db = await openStorage(url);
  try {
    const { id } = await insertExample(db, { request_id: 'req-1' }, now);
    const hosts = [
      { host: 'node1', filter: null, reason: null },
      { host: 'node3', filter: 'TrustedFilter', reason: 'untrusted' },
    ];
    const decision = await insertDecision(
      db,
      { instance_id: id, request_id: 'req-1', attempt: 1, host: 'node1', hosts },
      now,
    );
    await setOutcome(db, decision, 'started');
    const [kept] = await decisionsFor(db, id);
    assert.deepEqual([kept?.hosts, kept?.outcome], [hosts, 'started']);
    const stop = { instance_id: id, request_id: 'req-2', action: 'stop', user_id: 'u', project_id: 'p' };
    await insertAction(db, stop, later);
    await finishNewestAction(db, id, true, later);
    assert.deepEqual(
      (await actionsOf(db, id)).map(({ action, message }) => [action, message]),
      [
        ['stop', 'Error'],
        ['create', null],
      ],
    );
  } finally {
    await db.destroy();
  }
});

test('addresses are distinct, never the metadata address and never one QEMU keeps for itself', () => {
  const addresses = Array.from({ length: 30_000 }, (_, number) => addressOf(number + 1));
  assert.equal(new Set(addresses).size, addresses.length);
  for (const address of addresses) assert.doesNotMatch(address, /^169\.254\.(2|169|255)\.|\.(0|255)$/);
});
