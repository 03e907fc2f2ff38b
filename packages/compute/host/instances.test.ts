import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { createLog, isAlive, systemClock } from '@assay/daemon';
import type { InstanceSpec, Status } from '../link/index.ts';
import { type HostParts, type Instances, openInstances } from './instances.ts';
import { launch } from './launch.ts';
import { kill, type ProcessId } from './process.ts';
import { qemuArguments } from './qemu-command.ts';
import { qemuUser } from './qemu-user.ts';
import { connectQmp } from './qmp.ts';
import { readRecord, writeRecord } from './record.ts';
import { stopInstances } from './stop-instances.ts';
import { guestImage } from './testing/guest-image.ts';
import { exampleSpec } from './testing/spec.ts';

const { bootId } = systemClock;
const log = createLog('test', process.env['ASSAY_TEST_LOG'] ? 'debug' : 'silent');
const user = qemuUser(process.getuid?.() === 0 ? 'nobody' : undefined);
const { kernelPath, initrdPath } = guestImage();

let dir: string;
let changes: Omit<Status, 'type'>[] = [];
let changed: () => void = () => undefined;
let instances: Instances;
/** Called each time the question is asked. */
let mayRun: () => void;
const opened: Instances[] = [];
const seen: ProcessId[] = [];

const parts = (change: Partial<HostParts> = {}): HostParts => ({
  instancesDir: join(dir, 'instances'),
  portsDir: join(dir, 'ports'),
  qemu: 'qemu-system-x86_64',
  user,
  accelerator: Promise.resolve('tcg'),
  files: {
    open: async () => ({ kernel: await open(kernelPath), ramdisk: await open(initrdPath) }),
    tidy: async () => undefined,
  },
  permission: async () => () => mayRun(),
  shutdownTimeoutMs: 50,
  clock: systemClock,
  log,
  changed(status) {
    changes.push(status);
    changed();
  },
  ...change,
});
async function begin(change: Partial<HostParts> = {}): Promise<Instances> {
  instances = await openInstances(parts(change));
  opened.push(instances);
  return instances;
}
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'assay-instances-'));
  changes = [];
  mayRun = () => undefined;
  await begin();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  for (const process of seen.splice(0)) kill(process, bootId);
  await stopInstances(conf(), { log }); // also those no test asked for by name
  rmSync(dir, { recursive: true });
});

const conf = () =>
  ({
    compute_host: { instances_dir: join(dir, 'instances'), ports_dir: join(dir, 'ports') },
  }) as Parameters<typeof stopInstances>[0];
const processOf = async (id: string): Promise<ProcessId> => {
  const process = (await readRecord(join(dir, 'instances'), id))?.process;
  assert.ok(process);
  seen.push(process);
  return process;
};
const ports = () => readdirSync(join(dir, 'ports'));
async function start(spec: InstanceSpec = exampleSpec()) {
  await instances.carryOut({ type: 'start', request: 1, spec });
  const process = await processOf(spec.id);
  assert.ok(isAlive(process, bootId));
  return { id: spec.id, process };
}
const order = (type: 'stop' | 'remove' | 'reboot', instance: string) =>
  instances.carryOut({ type, request: 1, instance });
async function change(): Promise<Omit<Status, 'type'>> {
  while (changes.length === 0)
    await new Promise<void>((next) => {
      changed = next;
    });
  return changes.shift() as Omit<Status, 'type'>;
}
const expired = () => {
  throw new AssayError('ticket-expired', 'a ticket', 'one that is valid', 'a late one');
};

test('a guest that is started runs, has a port for its metadata, and is started once', async () => {
  const spec = exampleSpec({ address: '169.254.17.3' });
  const { id, process } = await start(spec);
  assert.deepEqual(instances.report(), [{ id, running: true }]);
  assert.deepEqual(JSON.parse(readFileSync(join(dir, 'ports', `${id}.json`), 'utf8')), {
    instance_id: id,
    project_id: spec.project_id,
    address: '169.254.17.3',
    socket: join(dir, 'instances', id, 'metadata.sock'),
  });
  await start(spec);
  assert.deepEqual(await processOf(id), process);
  assert.equal(changes.length, 0);
});

test('what was permitted at first and is not in the instant of the start does not run', async () => {
  for (const last of [1, 2]) {
    const spec = exampleSpec({ trust: 'trusted' });
    let asked = 0;
    mayRun = () => ++asked === last && expired();
    await assert.rejects(instances.carryOut({ type: 'start', request: 1, spec }), { code: 'ticket-expired' });
    assert.equal(asked, last);
    const process = await processOf(spec.id);
    while (isAlive(process, bootId)) await sleep(5);
    assert.deepEqual(instances.report(), [{ id: spec.id, running: false }]);
    assert.deepEqual(ports(), []);
    assert.equal(
      statSync(join(dir, 'instances', spec.id, 'console.log')).size,
      0,
      'no instruction of the guest was run',
    );
    await order('remove', spec.id);
  }
});

test('a permission that is refused leaves nothing of the instance', async () => {
  await begin({ permission: async () => expired() });
  const spec = exampleSpec({ trust: 'trusted' });
  await assert.rejects(instances.carryOut({ type: 'start', request: 1, spec }), { code: 'ticket-expired' });
  assert.deepEqual(instances.report(), []);
  assert.ok(!existsSync(join(dir, 'instances', spec.id)));
});

test('an instance that was booted trusted is not started as anything less', async () => {
  const spec = exampleSpec({ trust: 'trusted' });
  const { id } = await start(spec);
  await order('stop', id);
  const lesser = { ...spec, trust: null };
  await assert.rejects(instances.carryOut({ type: 'start', request: 1, spec: lesser }), { code: 'instance-trust' });
  const elsewhere = { ...spec, pool: 'secure' };
  await assert.rejects(instances.carryOut({ type: 'start', request: 1, spec: elsewhere }), { code: 'instance-trust' });
  await instances.carryOut({ type: 'start', request: 1, spec: { ...spec, pool: 'default' } });
});

test('a guest whose QEMU is killed is news; one that was told to end is not', async () => {
  const killed = await start();
  kill(killed.process, bootId);
  const { instance, reason } = await change();
  assert.deepEqual(instance, { id: killed.id, running: false });
  assert.match(reason, /without a word/);
  assert.deepEqual(ports(), []);
  const told = await start();
  await order('stop', told.id);
  assert.ok(!isAlive(told.process, bootId));
  assert.equal((await readRecord(join(dir, 'instances'), told.id))?.ended_by, 'request');
  assert.deepEqual(
    instances.report().find(({ id }) => id === told.id),
    { id: told.id, running: false, ended_by: 'request' },
  );
  assert.equal(changes.length, 0);
});

test('the next compute-host finds what runs, and what ended while there was none', async () => {
  const [runs, ended] = [await start(), await start()];
  await instances.close();
  kill(ended.process, bootId);
  while (isAlive(ended.process, bootId)) await sleep(5);
  rmSync(join(dir, 'ports', `${runs.id}.json`));
  const stranger = join(dir, 'ports', `${exampleSpec().id}.json`);
  mkdirSync(join(dir, 'ports', 'left-alone'));
  await open(stranger, 'w').then((handle) => handle.close());
  await begin();
  assert.deepEqual(
    instances.report().sort((a, b) => Number(b.running) - Number(a.running)),
    [
      { id: runs.id, running: true },
      { id: ended.id, running: false },
    ],
  );
  assert.deepEqual(ports().sort(), [`${runs.id}.json`, 'left-alone'].sort());
  await order('stop', runs.id);
  assert.ok(!isAlive(runs.process, bootId));
});

test('a guest that was not yet let run when its compute-host was killed never runs', async () => {
  const spec = exampleSpec();
  const folder = join(dir, 'instances', spec.id);
  mkdirSync(folder);
  const [kernel, ramdisk] = [await open(kernelPath), await open(initrdPath)];
  const process = await launch({
    folder,
    command: ['qemu-system-x86_64', ...qemuArguments(spec, 'tcg')],
    user,
    kernel: kernel.fd,
    ramdisk: ramdisk.fd,
    bootId,
    written: (process) => writeRecord(join(dir, 'instances'), { version: 1, spec, process }),
    mayRun: () => undefined,
  });
  await Promise.all([kernel.close(), ramdisk.close()]);
  seen.push(process);
  await begin();
  assert.ok(!isAlive(process, bootId));
  assert.deepEqual(instances.report(), [{ id: spec.id, running: false }]);
});

test('a guest whose QEMU does not answer is known as running, and can be ended', async () => {
  const { id, process } = await start();
  await instances.close();
  const busy = await connectQmp(join(dir, 'instances', id, 'qmp.sock'), () => undefined); // QEMU answers one at a time
  await begin();
  assert.deepEqual(instances.report(), [{ id, running: true }]);
  await order('remove', id);
  assert.ok(!isAlive(process, bootId));
  busy.close();
});

test('a reboot goes on in the same QEMU; refused, the guest runs on', async () => {
  const { id, process } = await start(exampleSpec({ trust: 'trusted' }));
  await order('reboot', id);
  assert.deepEqual(await processOf(id), process);
  mayRun = expired;
  await assert.rejects(order('reboot', id), { code: 'ticket-expired' });
  assert.ok(isAlive(process, bootId));
  assert.deepEqual(instances.report(), [{ id, running: true }]);
  assert.equal(changes.length, 0);
});

test('instances end with their host, whether a compute-host is at work or not, and it is known why', async () => {
  const { id, process } = await start();
  assert.deepEqual(await stopInstances(conf(), { log }), [id]);
  assert.ok(!isAlive(process, bootId));
  assert.deepEqual((await change()).instance, { id, running: false, ended_by: 'host' });
  const spec = exampleSpec();
  await start(spec);
  await instances.close();
  assert.deepEqual(await stopInstances(conf(), { log }), [spec.id]);
  assert.deepEqual(await stopInstances(conf(), { log }), []);
  assert.deepEqual(ports(), []);
  await begin();
  const ended = { running: false, ended_by: 'host' };
  assert.deepEqual(
    new Set(instances.report().map(({ id: _, ...state }) => JSON.stringify(state))),
    new Set([JSON.stringify(ended)]),
  );
});

test('a QEMU that cannot start says why', async () => {
  const spec = exampleSpec({ memory_mb: 1 << 24 });
  await assert.rejects(instances.carryOut({ type: 'start', request: 1, spec }), (error: AssayError) => {
    assert.equal(error.code, 'guest-start');
    assert.match(error.message, /memory/i);
    return true;
  });
  assert.deepEqual(ports(), []);
  await order('remove', spec.id);
  assert.deepEqual(readdirSync(join(dir, 'instances')), []);
});

test('what is not there is not found; removing it is done already', async () => {
  const { id } = exampleSpec();
  for (const type of ['stop', 'reboot'] as const) await assert.rejects(order(type, id), { code: 'instance-not-found' });
  await assert.rejects(instances.carryOut({ type: 'console', request: 1, instance: id }), {
    code: 'instance-not-found',
  });
  await order('remove', id);
});

test('a disk that is full, or a folder that is closed, is an answer and no bug', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' });
  await begin({ files: { open: () => Promise.reject(full), tidy: async () => undefined } });
  await assert.rejects(instances.carryOut({ type: 'start', request: 1, spec: exampleSpec() }), {
    name: 'AssayError',
    code: 'host-machine',
    got: 'ENOSPC',
  });
});
