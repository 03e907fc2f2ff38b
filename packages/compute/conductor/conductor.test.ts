import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { AssayError } from '@assay/core';
import { eachDatabase } from '@assay/daemon/testing';
import { changeInstance, decisionsFor } from '../storage/index.ts';
import { present, startCloud } from './testing/cloud.ts';
import { active, failed, threeHosts, trusted, withCloud } from './testing/with-cloud.ts';

withCloud('an instance is placed, claimed, started and active, and the decision is kept', threeHosts, async (cloud) => {
  const { id } = await cloud.boot();
  const row = await cloud.until(id, active);
  assert.equal(row.host, 'node1');
  assert.equal(row.node, 'node1');
  assert.equal(row.availability_zone, 'nova');
  assert.deepEqual([row.power_state, row.task_state, row.fault], [1, null, null]);
  assert.ok(row.launched_at);
  await cloud.conductor.idle();
  const [decision, ...more] = await decisionsFor(cloud.db, id);
  assert.equal(more.length, 0);
  assert.equal(decision?.outcome, 'started');
  assert.deepEqual(
    decision?.hosts.map(({ host, filter }) => [host, filter]),
    [
      ['node1', null],
      ['node2', null],
      ['node3', null],
    ],
  );
  assert.ok(cloud.host('node1').guests.get(id)?.running);
  const [start] = cloud.host('node1').orders;
  assert.ok(start?.type === 'start' && start.spec.memory_mb === 256 && start.ticket === undefined);
  assert.equal(cloud.peer.requests.length, 0, 'nobody is asked about trust that is not wanted');
});

withCloud('a trusted instance goes only to a trusted host, with a ticket for that host', threeHosts, async (cloud) => {
  cloud.peer.trust.set('node1', 'untrusted');
  cloud.peer.trust.set('node3', 'unknown');
  const { id } = await cloud.boot(trusted);
  assert.equal((await cloud.until(id, active)).host, 'node2');
  const [start] = cloud.host('node2').orders;
  assert.ok(start?.type === 'start' && start.ticket);
  assert.equal(cloud.peer.requests.filter((request) => request.includes('PollHosts')).length, 1);
});

withCloud(
  'an instance of a pool goes only to a host trusted in that pool, with a ticket that says so',
  threeHosts,
  async (cloud) => {
    cloud.peer.pools.set('secure', new Map([['node2', 'trusted']]));
    const { id } = await cloud.boot({ ...trusted, pool: 'secure' });
    assert.equal((await cloud.until(id, active)).host, 'node2');
    const [start] = cloud.host('node2').orders;
    assert.ok(start?.type === 'start' && start.ticket);
    assert.equal(start.spec.pool, 'secure');
    const claims = JSON.parse(Buffer.from(start.ticket.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(claims.pool, 'secure');
    assert.equal(await cloud.host('node2').fetchFile(id, start.ticket), 200);
    const ofDefault = { sub: id, host: 'node2', ak_name: claims.ak_name };
    assert.equal(await cloud.host('node2').fetchFile(id, await cloud.peer.sign(ofDefault)), 403);
    await cloud.conductor.idle();
    const [decision] = await decisionsFor(cloud.db, id);
    assert.match(decision?.hosts.find(({ host }) => host === 'node1')?.reason ?? '', /unknown in pool secure/);
  },
);

withCloud(
  'an instance that asks for tags goes only to a host that has them certified, when it is chosen and when it starts',
  threeHosts,
  async (cloud) => {
    cloud.peer.tags.set('node1', { country: 'FR' });
    cloud.peer.tags.set('node2', { country: 'DE' });
    cloud.peer.tags.set('node3', { country: 'AT' });
    // By the time of its ticket the second one has them no more.
    cloud.peer.beforeTicket = ({ host }) => host === 'node2' && cloud.peer.tags.delete('node2');
    const wanted = { ...trusted, trust_tags: { country: ['DE', 'AT'] } };
    const { id } = await cloud.boot(wanted);
    assert.equal((await cloud.until(id, active)).host, 'node3');
    const [start] = cloud.host('node3').orders;
    assert.ok(start?.type === 'start' && start.ticket);
    await cloud.conductor.idle();
    const decisions = await decisionsFor(cloud.db, id);
    const reasons = decisions.map(({ hosts }) => hosts.find(({ host }) => host === 'node1')?.reason);
    assert.deepEqual(reasons, Array(2).fill('tag country is FR, DE or AT is asked for'));
    assert.ok(decisions.some(({ outcome }) => /has not the tags/.test(outcome ?? '')));
  },
);

withCloud(
  'a ticket that leaves the tags out, as of a server that knows none, starts nothing',
  threeHosts,
  async (cloud) => {
    cloud.peer.tags.set('node1', { country: 'DE' });
    const { sign } = cloud.peer;
    cloud.peer.sign = ({ tags: _, ...claims } = {}) => sign(claims);
    const { id } = await cloud.boot({ ...trusted, trust_tags: { country: ['DE'] } });
    assert.match((await cloud.until(id, failed)).fault?.details ?? '', /node1: .*names the tags/);
    assert.deepEqual(
      cloud.host('node1').orders.filter(({ type }) => type === 'start'),
      [],
    );
  },
);

withCloud(
  'a ticket that leaves the pool out, as of a server that knows none, starts nothing',
  threeHosts,
  async (cloud) => {
    cloud.peer.pools.set('secure', new Map([['node1', 'trusted']]));
    const { sign } = cloud.peer;
    cloud.peer.sign = ({ pool: _, ...claims } = {}) => sign(claims);
    const { id } = await cloud.boot({ ...trusted, pool: 'secure' });
    assert.match((await cloud.until(id, failed)).fault?.details ?? '', /node1: start: .*pool secure/);
    assert.deepEqual(
      cloud.host('node1').orders.filter(({ type }) => type === 'start'),
      [],
    );
  },
);

withCloud(
  'a host that falls between the decision and the start gets nothing; the next trusted one does',
  threeHosts,
  async (cloud) => {
    cloud.peer.trust.set('node3', 'untrusted');
    cloud.peer.beforeTicket = ({ host }) => host === 'node1' && cloud.peer.trust.set('node1', 'untrusted');
    const { id } = await cloud.boot(trusted);
    assert.equal((await cloud.until(id, active)).host, 'node2');
    await cloud.conductor.idle();
    assert.deepEqual(
      cloud.host('node1').orders.filter(({ type }) => type === 'start'),
      [],
    );
    const [first, second] = await decisionsFor(cloud.db, id);
    assert.match(first?.outcome ?? '', /ticket refused: .*untrusted/);
    assert.equal(second?.hosts.find(({ host }) => host === 'node1')?.filter, 'RetryFilter');
    assert.equal(second?.outcome, 'started');
  },
);

withCloud(
  'with no trusted host there is no valid host, and the fault tells administrators why, host by host',
  threeHosts,
  async (cloud) => {
    for (const name of ['node1', 'node2', 'node3']) cloud.peer.trust.set(name, 'untrusted');
    const { id } = await cloud.boot(trusted);
    const { fault, ...row } = await cloud.until(id, failed);
    assert.equal(fault?.code, 500);
    assert.equal(fault?.message, 'No valid host was found. There are not enough hosts available.');
    assert.equal(fault?.details.split('\n').length, 3);
    assert.match(fault?.details ?? '', /^node1: TrustedFilter: is untrusted/);
    assert.deepEqual([row.host, row.node, row.task_state], [null, null, null]);
  },
);

withCloud(
  'with the attestation server down trusted boots are refused with the true reason, others go on',
  threeHosts,
  async (cloud) => {
    await cloud.peer.close();
    const { id } = await cloud.boot(trusted);
    const { fault } = await cloud.until(id, failed);
    assert.match(fault?.details ?? '', /connection refused/);
    await cloud.until((await cloud.boot()).id, active);
    await cloud.peer.listen();
    await cloud.until((await cloud.boot(trusted)).id, active);
  },
);

withCloud(
  'a start that fails is tried on the next host, three times in all, then the reasons are told',
  { hosts: { a: 1024, b: 1024, c: 1024, d: 1024 } },
  async (cloud) => {
    for (const one of Object.values(cloud.hosts))
      one.onStart = () => {
        throw new AssayError('guest-start', 'QEMU', 'a guest that runs', `trouble on ${one.name}`);
      };
    const { id } = await cloud.boot();
    const { fault } = await cloud.until(id, failed);
    assert.match(
      fault?.details ?? '',
      /^a: start: .*trouble on a\nb: start: .*trouble on b\nc: start: .*trouble on c\nd: passed, not tried$/,
    );
    await cloud.conductor.idle();
    assert.equal(cloud.host('d').orders.length, 0);
    assert.equal((await decisionsFor(cloud.db, id)).length, 3);
  },
);

/** Each in a project of its own, so that no quota is in the way. */
const ofAnybody = () => ({ project_id: randomUUID().replaceAll('-', '') });

eachDatabase(
  'boots side by side fill the hosts exactly: none is promised twice, none refused while there is room',
  async (databaseUrl, t) => {
    const cloud = await startCloud({ databaseUrl, hosts: { node1: 1024, node2: 700, node3: 300 } });
    t.after(() => cloud.stop());
    // 4 + 2 + 1 places of 256 MB
    const booted = await Promise.all(Array.from({ length: 12 }, () => cloud.boot(ofAnybody())));
    await cloud.conductor.idle();
    const rows = await Promise.all(booted.map(({ id }) => cloud.row(id)));
    assert.equal(rows.filter(active).length, 7);
    assert.equal(rows.filter(failed).length, 5);
    const on = (name: string) => rows.filter((row) => row.host === name).length;
    assert.deepEqual([on('node1'), on('node2'), on('node3')], [4, 2, 1]);
    const [one] = rows.filter((row) => row.host === 'node2');
    if (!one) throw new Error('none on node2');
    await changeInstance(cloud.db, one.id, { wanted: 'deleted', task_state: 'deleting' }, new Date());
    cloud.conductor.remove(one.id);
    await cloud.until(one.id, (row) => row.vm_state === 'deleted');
    assert.ok(!cloud.host('node2').guests.has(one.id));
    assert.equal((await cloud.until((await cloud.boot()).id, active)).host, 'node2');
  },
);

withCloud(
  'memory is promised as often as ram_allocation_ratio says',
  { hosts: { node1: 1024 }, ramAllocationRatio: 1.5 },
  async (cloud) => {
    const booted = await Promise.all(Array.from({ length: 8 }, () => cloud.boot()));
    await cloud.conductor.idle();
    const rows = await Promise.all(booted.map(({ id }) => cloud.row(id)));
    assert.equal(rows.filter(active).length, 6);
  },
);

withCloud('an instance deleted while it starts is gone when its start is done', threeHosts, async (cloud) => {
  const starting = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  cloud.host('node1').onStart = () => {
    starting.resolve();
    return go.promise;
  };
  const { id } = await cloud.boot();
  await starting.promise;
  await changeInstance(cloud.db, id, { wanted: 'deleted', task_state: 'deleting' }, new Date());
  cloud.conductor.remove(id);
  go.resolve();
  const row = await cloud.until(id, (row) => row.vm_state === 'deleted');
  assert.ok(row.deleted_at && row.terminated_at);
  assert.equal(cloud.host('node1').guests.size, 0);
});

withCloud(
  'boots under way when the compute API ends are finished by the next one, on the host that has them or anew',
  threeHosts,
  async (cloud) => {
    const starting = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    cloud.host('node1').onStart = () => {
      starting.resolve();
      return go.promise;
    };
    const { id } = await cloud.boot(trusted);
    await starting.promise;
    const restarted = cloud.restart();
    go.resolve(); // it runs now, and nobody was told
    await restarted;
    const row = await cloud.until(id, active);
    assert.equal(row.host, 'node1');
    const { id: unplaced } = await cloud.boot();
    await cloud.until(unplaced, active);
    await changeInstance(
      cloud.db,
      unplaced,
      { vm_state: 'building', task_state: 'scheduling', host: null, node: null },
      new Date(),
    );
    await cloud.restart();
    await cloud.until(unplaced, active);
  },
);

withCloud(
  'a host that vanishes in the middle of a start is given up, and its late guest is ended when it is back',
  { ...threeHosts, times: { comeBack: 50 } },
  async (cloud) => {
    const node = cloud.host('node1');
    node.onStart = () => node.disconnect();
    const { id } = await cloud.boot();
    assert.equal((await cloud.until(id, active)).host, 'node2');
    assert.ok(node.guests.get(id)?.running);
    node.connect();
    await present(cloud, 'node1');
    await cloud.conductor.idle();
    assert.equal(node.guests.size, 0);
    assert.ok(cloud.host('node2').guests.get(id)?.running);
  },
);
