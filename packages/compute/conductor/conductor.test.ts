import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, beforeEach, test } from 'node:test';
import { AssayError } from '@assay/core';
import { eachDatabase } from '@assay/daemon/testing';
import { actionsOf, changeInstance, decisionsFor, insertAction } from '../storage/index.ts';
import { type Cloud, type CloudOptions, present, startCloud } from './testing/cloud.ts';

let cloud: Cloud;
const begin = async (options: CloudOptions) => {
  cloud = await startCloud(options);
};
let open = false;
beforeEach(() => {
  open = false;
});
const withCloud = (name: string, options: CloudOptions, body: () => Promise<void>) =>
  test(name, async () => {
    await begin(options);
    open = true;
    await body();
  });
afterEach(async () => {
  if (open) await cloud.stop();
});
after(() => undefined);

const three = { hosts: { node1: 1024, node2: 1024, node3: 1024 } };
const trusted = { trust: 'trusted' } as const;
const active = (row: { vm_state: string }) => row.vm_state === 'active';
const failed = (row: { vm_state: string }) => row.vm_state === 'error';
const now = () => new Date();
const host = (name: string) => {
  const found = cloud.hosts[name];
  if (!found) throw new Error(name);
  return found;
};

withCloud('an instance is placed, claimed, started and active, and the decision is kept', three, async () => {
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
  assert.ok(host('node1').guests.get(id)?.running);
  const [start] = host('node1').orders;
  assert.ok(start?.type === 'start' && start.spec.memory_mb === 256 && start.ticket === undefined);
  assert.equal(cloud.peer.requests.length, 0, 'nobody is asked about trust that is not wanted');
});

withCloud('a trusted instance goes only to a trusted host, with a ticket for that host', three, async () => {
  cloud.peer.trust.set('node1', 'untrusted');
  cloud.peer.trust.set('node3', 'unknown');
  const { id } = await cloud.boot(trusted);
  assert.equal((await cloud.until(id, active)).host, 'node2');
  const [start] = host('node2').orders;
  assert.ok(start?.type === 'start' && start.ticket);
  assert.equal(cloud.peer.requests.filter((request) => request.includes('PollHosts')).length, 1);
});

withCloud(
  'a host that falls between the decision and the start gets nothing; the next trusted one does',
  three,
  async () => {
    cloud.peer.trust.set('node3', 'untrusted');
    cloud.peer.beforeTicket = ({ host }) => host === 'node1' && cloud.peer.trust.set('node1', 'untrusted');
    const { id } = await cloud.boot(trusted);
    assert.equal((await cloud.until(id, active)).host, 'node2');
    await cloud.conductor.idle();
    assert.deepEqual(
      host('node1').orders.filter(({ type }) => type === 'start'),
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
  three,
  async () => {
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
  three,
  async () => {
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
  async () => {
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
    assert.equal(host('d').orders.length, 0);
    assert.equal((await decisionsFor(cloud.db, id)).length, 3);
  },
);

/** Each in a project of its own, so that no quota is in the way. */
const ofAnybody = () => ({ project_id: randomUUID().replaceAll('-', '') });

const fill = (name: string, databaseUrl?: string) => async () => {
  await begin({ ...(databaseUrl ? { databaseUrl } : {}), hosts: { node1: 1024, node2: 700, node3: 300 } });
  open = true;
  // 4 + 2 + 1 places of 256 MB
  const booted = await Promise.all(Array.from({ length: 12 }, () => cloud.boot(ofAnybody())));
  await cloud.conductor.idle();
  const rows = await Promise.all(booted.map(({ id }) => cloud.row(id)));
  assert.equal(rows.filter(active).length, 7, name);
  assert.equal(rows.filter(failed).length, 5);
  const on = (name: string) => rows.filter((row) => row.host === name).length;
  assert.deepEqual([on('node1'), on('node2'), on('node3')], [4, 2, 1]);
  const [one] = rows.filter((row) => row.host === 'node2');
  if (!one) throw new Error('none on node2');
  await changeInstance(cloud.db, one.id, { wanted: 'deleted', task_state: 'deleting' }, now());
  cloud.conductor.remove(one.id);
  await cloud.until(one.id, (row) => row.vm_state === 'deleted');
  assert.ok(!host('node2').guests.has(one.id));
  assert.equal((await cloud.until((await cloud.boot()).id, active)).host, 'node2');
};
eachDatabase(
  'boots side by side fill the hosts exactly: none is promised twice, none refused while there is room',
  async (url) => fill('parallel boots', url)(),
);

withCloud(
  'memory is promised as often as ram_allocation_ratio says',
  { hosts: { node1: 1024 }, ramAllocationRatio: 1.5 },
  async () => {
    const booted = await Promise.all(Array.from({ length: 8 }, () => cloud.boot()));
    await cloud.conductor.idle();
    const rows = await Promise.all(booted.map(({ id }) => cloud.row(id)));
    assert.equal(rows.filter(active).length, 6);
  },
);

withCloud('an instance deleted while it starts is gone when its start is done', three, async () => {
  const starting = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  host('node1').onStart = () => {
    starting.resolve();
    return go.promise;
  };
  const { id } = await cloud.boot();
  await starting.promise;
  await changeInstance(cloud.db, id, { wanted: 'deleted', task_state: 'deleting' }, now());
  cloud.conductor.remove(id);
  go.resolve();
  const row = await cloud.until(id, (row) => row.vm_state === 'deleted');
  assert.ok(row.deleted_at && row.terminated_at);
  assert.equal(host('node1').guests.size, 0);
});

withCloud('stop, start and reboot reach the host; each ends its instance action', three, async () => {
  const { id, project_id, user_id } = await cloud.boot(trusted);
  await cloud.until(id, active);
  const ask = async (action: 'stop' | 'start' | 'reboot', task: 'powering-off' | 'powering-on' | 'rebooting') => {
    const request_id = `req-${randomUUID()}`;
    await insertAction(cloud.db, { instance_id: id, request_id, action, user_id, project_id }, now());
    await changeInstance(cloud.db, id, { wanted: action === 'stop' ? 'stopped' : 'active', task_state: task }, now());
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
    host('node1').orders.map(({ type }) => type),
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

withCloud('the console comes from the host, or says that the host cannot be asked', three, async () => {
  const { id } = await cloud.boot();
  await cloud.until(id, active);
  assert.equal(await cloud.conductor.console(id), `console of ${id}`);
  host('node1').disconnect();
  const unavailable = (error: unknown) => error instanceof AssayError && error.code === 'console-unavailable';
  await gone('node1');
  await assert.rejects(cloud.conductor.console(id), unavailable);
  await assert.rejects(cloud.conductor.console(randomUUID()), unavailable);
});

async function gone(name: string): Promise<void> {
  while (cloud.conductor.connected(name)) await new Promise((later) => setTimeout(later, 5));
}

withCloud('a guest that switches itself off is stopped, and stays so when its host comes back', three, async () => {
  const { id } = await cloud.boot();
  await cloud.until(id, active);
  await cloud.conductor.console(id);
  host('node1').guestEnds(id, 'guest');
  const row = await cloud.until(id, ({ vm_state }) => vm_state === 'stopped');
  assert.deepEqual([row.power_state, row.wanted], [4, 'stopped']);
  host('node1').disconnect();
  await gone('node1');
  host('node1').connect();
  await present(cloud, 'node1');
  await cloud.conductor.idle();
  assert.equal((await cloud.row(id)).vm_state, 'stopped');
});

withCloud(
  'instances that ended with their host are started again when it is back, trusted ones with a new ticket',
  three,
  async () => {
    const plain = await cloud.boot();
    await cloud.until(plain.id, active);
    const kept = await cloud.boot({ ...trusted, wanted_host: 'node1' });
    await cloud.until(kept.id, active);
    await cloud.conductor.console(kept.id);
    const node = host('node1');
    node.stopping = true;
    for (const id of [plain.id, kept.id]) {
      node.guestEnds(id, 'host');
      await cloud.until(id, ({ vm_state }) => vm_state === 'stopped');
    }
    node.disconnect();
    await gone('node1');
    node.stopping = false;
    cloud.peer.trust.set('node1', 'unknown'); // it is being attested
    node.connect();
    await cloud.until(plain.id, active);
    await cloud.until(kept.id, ({ task_state }) => task_state === 'powering-on');
    cloud.peer.trust.set('node1', 'trusted');
    await cloud.until(kept.id, active);
  },
);

withCloud('a trusted instance stays off on a host that came back untrusted, with the reason', three, async () => {
  const { id } = await cloud.boot(trusted);
  await cloud.until(id, active);
  const node = host('node1');
  node.disconnect();
  await gone('node1');
  node.guests.clear();
  cloud.peer.trust.set('node1', 'untrusted');
  node.connect();
  const row = await cloud.until(id, ({ vm_state, task_state }) => vm_state === 'stopped' && task_state === null);
  assert.match(row.fault?.details ?? '', /untrusted/);
  assert.equal(node.guests.size, 0);
});

withCloud(
  'a host that comes back is rid of what was deleted meanwhile, and keeps what nobody knows',
  three,
  async () => {
    const { id } = await cloud.boot();
    await cloud.until(id, active);
    const node = host('node1');
    node.disconnect();
    await gone('node1');
    await changeInstance(cloud.db, id, { wanted: 'deleted', task_state: 'deleting' }, now());
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

withCloud(
  'boots under way when the compute API ends are finished by the next one, on the host that has them or anew',
  three,
  async () => {
    const starting = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    host('node1').onStart = () => {
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
      now(),
    );
    await cloud.restart();
    await cloud.until(unplaced, active);
  },
);

withCloud(
  'a host that vanishes in the middle of a start is given up, and its late guest is ended when it is back',
  { ...three, times: { comeBack: 50 } },
  async () => {
    const node = host('node1');
    node.onStart = () => node.disconnect();
    const { id } = await cloud.boot();
    assert.equal((await cloud.until(id, active)).host, 'node2');
    assert.ok(node.guests.get(id)?.running);
    node.connect();
    await present(cloud, 'node1');
    await cloud.conductor.idle();
    assert.equal(node.guests.size, 0);
    assert.ok(host('node2').guests.get(id)?.running);
  },
);

withCloud(
  'files go only to the host an instance is released to, for a trusted one only against a ticket of its own',
  three,
  async () => {
    const { id } = await cloud.boot(trusted);
    await cloud.until(id, active);
    const [start] = host('node1').orders;
    assert.ok(start?.type === 'start' && start.ticket);
    assert.equal(await host('node1').fetchFile(id, start.ticket), 200);
    assert.equal(await host('node1').fetchFile(id), 403);
    assert.equal(await host('node2').fetchFile(id, start.ticket), 403);
    const forOther = await cloud.peer.sign({ sub: randomUUID(), host: 'node1', ak_name: 'ab'.repeat(34) });
    assert.equal(await host('node1').fetchFile(id, forOther), 403);
    const plain = await cloud.boot();
    const row = await cloud.until(plain.id, active);
    assert.equal(await host(row.host ?? '').fetchFile(plain.id), 200);
    assert.equal(await host(row.host === 'node3' ? 'node2' : 'node3').fetchFile(plain.id), 403);
  },
);

withCloud('before its ticket a trusted instance’s host has neither its files nor its order', three, async () => {
  let status: number | undefined;
  cloud.peer.beforeTicket = async ({ instance_id, host: name }) => {
    status = await host(name).fetchFile(
      instance_id,
      await cloud.peer.sign({ sub: instance_id, host: name, ak_name: 'ab'.repeat(34) }),
    );
  };
  const { id } = await cloud.boot(trusted);
  await cloud.until(id, active);
  assert.equal(status, 403);
});
