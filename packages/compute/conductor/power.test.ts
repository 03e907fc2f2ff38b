import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { AssayError } from '@assay/core';
import { actionsOf, changeInstance, insertAction } from '../storage/index.ts';
import { gone } from './testing/cloud.ts';
import { active, threeHosts, trusted, withCloud } from './testing/with-cloud.ts';

withCloud('stop, start and reboot reach the host; each ends its instance action', threeHosts, async (cloud) => {
  const { id, project_id, user_id } = await cloud.boot(trusted);
  await cloud.until(id, active);
  const ask = async (action: 'stop' | 'start' | 'reboot', task: 'powering-off' | 'powering-on' | 'rebooting') => {
    const request_id = `req-${randomUUID()}`;
    await insertAction(cloud.db, { instance_id: id, request_id, action, user_id, project_id }, new Date());
    await changeInstance(
      cloud.db,
      id,
      { wanted: action === 'stop' ? 'stopped' : 'active', task_state: task },
      new Date(),
    );
    cloud.conductor.setPower(id, action);
    await cloud.conductor.idle();
    return (await actionsOf(cloud.db, id)).find((one) => one.request_id === request_id)?.message;
  };
  assert.equal(await ask('stop', 'powering-off'), null);
  let row = await cloud.row(id);
  assert.deepEqual([row.vm_state, row.power_state, row.task_state], ['stopped', 4, null]);
  assert.equal(await ask('start', 'powering-on'), null);
  row = await cloud.row(id);
  assert.deepEqual([row.vm_state, row.power_state, row.task_state], ['active', 1, null]);
  assert.equal(await ask('reboot', 'rebooting'), null);
  assert.deepEqual(
    cloud.host('node1').orders.map(({ type }) => type),
    ['start', 'stop', 'start', 'reboot'],
  );
  assert.equal(
    cloud.peer.requests.filter((request) => request.includes('tickets')).length,
    3,
    'each start has its own ticket',
  );

  cloud.peer.trust.set('node1', 'untrusted');
  assert.equal(await ask('reboot', 'rebooting'), 'Error');
  row = await cloud.row(id);
  assert.deepEqual(
    [row.vm_state, row.task_state],
    ['active', null],
    'what runs is not ended by a reboot that is refused',
  );
  assert.match(row.fault?.details ?? '', /ticket refused/);
  await ask('stop', 'powering-off');
  assert.equal(await ask('start', 'powering-on'), 'Error');
  row = await cloud.row(id);
  assert.deepEqual([row.vm_state, row.task_state], ['stopped', null]);
  assert.match(row.fault?.details ?? '', /node1: start: ticket refused/);
});

withCloud('the console comes from the host, or says that the host cannot be asked', threeHosts, async (cloud) => {
  const { id } = await cloud.boot();
  await cloud.until(id, active);
  assert.equal(await cloud.conductor.console(id), `console of ${id}`);
  cloud.host('node1').disconnect();
  const unavailable = (error: unknown) => error instanceof AssayError && error.code === 'console-unavailable';
  await gone(cloud, 'node1');
  await assert.rejects(cloud.conductor.console(id), unavailable);
  await assert.rejects(cloud.conductor.console(randomUUID()), unavailable);
});
