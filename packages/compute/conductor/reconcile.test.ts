import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { changeInstance } from '../storage/index.ts';
import { gone, present } from './testing/cloud.ts';
import { active, threeHosts, trusted, withCloud } from './testing/with-cloud.ts';

withCloud(
  'a guest that switches itself off is stopped, and stays so when its host comes back',
  threeHosts,
  async (cloud) => {
    const { id } = await cloud.boot();
    await cloud.until(id, active);
    await cloud.conductor.console(id);
    cloud.host('node1').guestEnds(id, 'guest');
    const row = await cloud.until(id, ({ vm_state }) => vm_state === 'stopped');
    assert.deepEqual([row.power_state, row.wanted], [4, 'stopped']);
    cloud.host('node1').disconnect();
    await gone(cloud, 'node1');
    cloud.host('node1').connect();
    await present(cloud, 'node1');
    await cloud.conductor.idle();
    assert.equal((await cloud.row(id)).vm_state, 'stopped');
  },
);

withCloud(
  'instances that ended with their host are started again when it is back, trusted ones with a new ticket',
  threeHosts,
  async (cloud) => {
    const plain = await cloud.boot();
    await cloud.until(plain.id, active);
    const kept = await cloud.boot({ ...trusted, wanted_host: 'node1' });
    await cloud.until(kept.id, active);
    await cloud.conductor.console(kept.id);
    const node = cloud.host('node1');
    node.stopping = true;
    for (const id of [plain.id, kept.id]) {
      node.guestEnds(id, 'host');
      await cloud.until(id, ({ vm_state }) => vm_state === 'stopped');
    }
    node.disconnect();
    await gone(cloud, 'node1');
    node.stopping = false;
    cloud.peer.trust.set('node1', 'unknown'); // it is being attested
    node.connect();
    await cloud.until(plain.id, active);
    await cloud.until(kept.id, ({ task_state }) => task_state === 'powering-on');
    cloud.peer.trust.set('node1', 'trusted');
    await cloud.until(kept.id, active);
  },
);

withCloud(
  'a trusted instance stays off on a host that came back untrusted, with the reason',
  threeHosts,
  async (cloud) => {
    const { id } = await cloud.boot(trusted);
    await cloud.until(id, active);
    const node = cloud.host('node1');
    node.disconnect();
    await gone(cloud, 'node1');
    node.guests.clear();
    cloud.peer.trust.set('node1', 'untrusted');
    node.connect();
    const row = await cloud.until(id, ({ vm_state, task_state }) => vm_state === 'stopped' && task_state === null);
    assert.match(row.fault?.details ?? '', /untrusted/);
    assert.equal(node.guests.size, 0);
  },
);

withCloud(
  'a host that comes back is rid of what was deleted meanwhile, and keeps what nobody knows',
  threeHosts,
  async (cloud) => {
    const { id } = await cloud.boot();
    await cloud.until(id, active);
    const node = cloud.host('node1');
    node.disconnect();
    await gone(cloud, 'node1');
    await changeInstance(cloud.db, id, { wanted: 'deleted', task_state: 'deleting' }, new Date());
    cloud.conductor.remove(id);
    await cloud.until(id, ({ vm_state }) => vm_state === 'deleted');
    const stranger = randomUUID();
    node.guests.set(stranger, { id: stranger, running: true });
    node.connect();
    await present(cloud, 'node1');
    await cloud.conductor.idle();
    assert.deepEqual([...node.guests.keys()], [stranger]);
  },
);
