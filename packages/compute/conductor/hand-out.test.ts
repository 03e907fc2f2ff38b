import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { active, threeHosts, trusted, withCloud } from './testing/with-cloud.ts';

withCloud(
  'files go only to the host an instance is released to, for a trusted one only against a ticket of its own',
  threeHosts,
  async (cloud) => {
    const { id } = await cloud.boot(trusted);
    await cloud.until(id, active);
    const [start] = cloud.host('node1').orders;
    assert.ok(start?.type === 'start' && start.ticket);
    assert.equal(await cloud.host('node1').fetchFile(id, start.ticket), 200);
    assert.equal(await cloud.host('node1').fetchFile(id), 403);
    assert.equal(await cloud.host('node2').fetchFile(id, start.ticket), 403);
    const forOther = await cloud.peer.sign({ sub: randomUUID(), host: 'node1', ak_name: 'ab'.repeat(34) });
    assert.equal(await cloud.host('node1').fetchFile(id, forOther), 403);
    const plain = await cloud.boot();
    const row = await cloud.until(plain.id, active);
    assert.equal(await cloud.host(row.host ?? '').fetchFile(plain.id), 200);
    assert.equal(await cloud.host(row.host === 'node3' ? 'node2' : 'node3').fetchFile(plain.id), 403);
  },
);

withCloud(
  'before its ticket a trusted instance’s host has neither its files nor its order',
  threeHosts,
  async (cloud) => {
    let status: number | undefined;
    cloud.peer.beforeTicket = async ({ instance_id, host: name }) => {
      status = await cloud
        .host(name)
        .fetchFile(instance_id, await cloud.peer.sign({ sub: instance_id, host: name, ak_name: 'ab'.repeat(34) }));
    };
    const { id } = await cloud.boot(trusted);
    await cloud.until(id, active);
    assert.equal(status, 403);
  },
);
