// A small cloud in one process: database, conductor, attestation server and hosts, joined by real TLS. Only QEMU is missing:
// a host's guests are a list. What each does when it is told to start is set by the test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { type Clock, createLog, httpsRequest, type Log, systemClock } from '@assay/daemon';
import { type TestPki, testPki } from '@assay/daemon/testing';
import type { Kysely } from 'kysely';
import { registerImage } from '../../image/register.ts';
import { type Caller, type Command, callLink, filePath, type InstanceState } from '../../link/index.ts';
import { type AttestationPeer, attestationPeer } from '../../link/testing/attestation-server.ts';
import { openStorage } from '../../storage/index.ts';
import { type Instance, insertInstances, instanceById, type NewInstance } from '../../storage/instances.ts';
import type { Tables } from '../../storage/tables.ts';
import { exampleInstance } from '../../testing/instance.ts';
import { type RunningConductor, startConductor } from '../conductor.ts';
import type { Times } from '../parts.ts';

export type FakeHost = {
  name: string;
  guests: Map<string, InstanceState>;
  /** Orders in the order they came. */
  orders: Command[];
  /** Before a guest runs; what it throws is the host's answer. */
  onStart: (command: Extract<Command, { type: 'start' }>) => unknown;
  connect(): void;
  disconnect(): void;
  /** A guest ends by itself. */
  guestEnds(id: string, by: 'guest' | 'host'): void;
  fetchFile(id: string, ticket?: string): Promise<number>;
  stopping: boolean;
};

export type Cloud = {
  /** Files of this cloud; gone when it stops. */
  folder: string;
  pki: TestPki;
  log: Log;
  db: Kysely<Tables>;
  peer: AttestationPeer;
  hosts: Record<string, FakeHost>;
  /** The one of this name, which must be there. */
  host(name: string): FakeHost;
  conductor: RunningConductor;
  boot(change?: Partial<NewInstance>): Promise<Instance>;
  row(id: string): Promise<Instance>;
  /** Until the row is as wanted. */
  until(id: string, is: (row: Instance) => boolean): Promise<Instance>;
  /** The compute API dies without a word and is started anew. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export type CloudOptions = {
  hosts: Record<string, number>;
  databaseUrl?: string;
  ramAllocationRatio?: number;
  clock?: Clock;
  times?: Partial<Times>;
  /** Default: a few bytes, for hosts that do not run them. */
  image?: { kernelPath: string; initrdPath: string };
};

const log = createLog('test', process.env['ASSAY_TEST_LOG'] ? 'debug' : 'silent');

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-cloud-'));
  const pki = testPki(folder);
  const files = pki.server();
  const peer = await attestationPeer(files, pki);
  const db = await openStorage(options.databaseUrl ?? `sqlite:${join(folder, 'compute.db')}`);
  const clock = options.clock ?? systemClock;
  const image = await testImage(db, folder, options.image ?? placeholder(folder));
  let port = 0;
  const start = () =>
    startConductor({
      db,
      clock,
      log,
      scheduler: {
        filters: ['AvailabilityZoneFilter', 'RamFilter', 'ComputeFilter', 'TrustedFilter'],
        ramAllocationRatio: options.ramAllocationRatio ?? 1,
        serviceDownTimeS: 60,
        authTimeoutS: 60,
        attestation: peer.access,
      },
      link: { listen: '127.0.0.1', port, certFile: files.certFile, keyFile: files.keyFile, caFile: pki.caFile },
      imageDirectory: join(folder, 'images'),
      times: { comeBack: 2_000, attested: 3_000, ...options.times },
    });
  let conductor = await start();
  port = conductor.port;
  const hosts = Object.fromEntries(
    Object.entries(options.hosts).map(([name, memoryMb]) => [name, fakeHost(name, memoryMb, port, pki)]),
  );
  for (const host of Object.values(hosts)) {
    peer.trust.set(host.name, 'trusted');
    host.connect();
  }
  const cloud: Cloud = {
    folder,
    pki,
    log,
    db,
    peer,
    hosts,
    host(name) {
      const found = hosts[name];
      if (!found) throw new Error(`no host ${name}`);
      return found;
    },
    get conductor() {
      return conductor;
    },
    async boot(change = {}) {
      const [row] = await insertInstances(db, [exampleInstance({ ...image, ...change })], clock.now());
      if (!row) throw new Error('one instance in, one out');
      conductor.build(row.id);
      return row;
    },
    async row(id) {
      const row = await instanceById(db, id);
      if (!row) throw new Error(`no instance ${id}`);
      return row;
    },
    async until(id, is) {
      const deadline = Date.now() + 20_000;
      for (;;) {
        const row = await cloud.row(id);
        if (is(row)) return row;
        if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(row)}`);
        await new Promise((later) => setTimeout(later, 5));
      }
    },
    async restart() {
      await conductor.close();
      conductor = await start();
    },
    async stop() {
      for (const host of Object.values(hosts)) host.disconnect();
      await conductor.close();
      await peer.close();
      await db.destroy();
      rmSync(folder, { recursive: true });
    },
  };
  for (const name of Object.keys(options.hosts)) await present(cloud, name);
  return cloud;
}

/** Until the scheduler knows the host as connected. */
export async function present(cloud: Cloud, host: string): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    const node = await cloud.db.selectFrom('compute_nodes').select('id').where('host', '=', host).executeTakeFirst();
    if (node && cloud.conductor.connected(host)) return;
    await new Promise((later) => setTimeout(later, 5));
  }
  throw new Error(`${host} did not come`);
}

/** Until its connection is noticed to be gone. */
export async function gone(cloud: Cloud, host: string): Promise<void> {
  while (cloud.conductor.connected(host)) await new Promise((later) => setTimeout(later, 5));
}

function fakeHost(name: string, memoryMb: number, port: number, pki: TestPki): FakeHost {
  const { cert, key } = pki.host(name);
  const tls = { ca: pki.ca, cert, key };
  const url = `https://127.0.0.1:${port}`;
  let caller: Caller | undefined;
  const host: FakeHost = {
    name,
    guests: new Map(),
    orders: [],
    stopping: false,
    onStart: () => undefined,
    connect() {
      caller = callLink({
        url,
        ...tls,
        log,
        firstDelayMs: 20,
        random: () => 0,
        report: () => ({
          hypervisor_hostname: name,
          zone: 'nova',
          vcpus: 4,
          memory_mb: memoryMb,
          local_gb: 10,
          hypervisor_version: 7002022,
          stopping: host.stopping,
          instances: [...host.guests.values()],
        }),
        carryOut,
      });
    },
    disconnect() {
      caller?.close();
      caller = undefined;
    },
    guestEnds(id, by) {
      const instance: InstanceState = { id, running: false, ended_by: by };
      host.guests.set(id, instance);
      caller?.status({ instance, reason: by });
    },
    async fetchFile(id, ticket) {
      const headers = ticket ? { authorization: `Bearer ${ticket}` } : {};
      return (await httpsRequest({ url: `${url}${filePath(id, 'kernel')}`, ...tls, headers })).status;
    },
  };
  async function carryOut(command: Command): Promise<{ output?: string } | undefined> {
    host.orders.push(command);
    if (command.type === 'start') {
      await host.onStart(command);
      host.guests.set(command.spec.id, { id: command.spec.id, running: true });
    } else if (command.type === 'remove') host.guests.delete(command.instance);
    else if (!host.guests.has(command.instance))
      throw new AssayError('instance-not-found', `instance ${command.instance}`, 'an instance of this host', 'none');
    else if (command.type === 'stop')
      host.guests.set(command.instance, { id: command.instance, running: false, ended_by: 'request' });
    else if (command.type === 'console') return { output: `console of ${command.instance}` };
    return undefined;
  }
  return host;
}

function placeholder(folder: string) {
  const [kernelPath, initrdPath] = [join(folder, 'kernel'), join(folder, 'initrd')];
  writeFileSync(kernelPath, 'a kernel');
  writeFileSync(initrdPath, 'a ramdisk');
  return { kernelPath, initrdPath };
}

async function testImage(
  db: Kysely<Tables>,
  folder: string,
  files: { kernelPath: string; initrdPath: string },
): Promise<Partial<NewInstance>> {
  const source = { name: 'assay-mini', ...files };
  const { id, name, properties } = await registerImage(db, join(folder, 'images'), source, new Date());
  return {
    image_id: id,
    image_name: name,
    kernel_id: properties['kernel_id'] as string,
    ramdisk_id: properties['ramdisk_id'] as string,
  };
}
