// Who brings about what the API was asked for? The conductor: one lane an instance, rows as the only memory, hosts by the link.
import { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import type { Kysely } from 'kysely';
import { type Link, type LinkEvents, type LinkOptions, startLink } from '../link/index.ts';
import { makeFilters, pollHostsOf, type SchedulerSettings } from '../scheduler/index.ts';
import { allNodes, instanceById, isUp, livingInstances, nodeSeen, reportNode, type Tables } from '../storage/index.ts';
import { build } from './build.ts';
import { handOut } from './hand-out.ts';
import { lanes } from './lanes.ts';
import { defaultTimes, type Parts, type Times } from './parts.ts';
import { reboot, start, stop } from './power.ts';
import { reconcileHost, settle } from './reconcile.ts';
import { remove } from './remove.ts';
import { ticketsOf } from './tickets.ts';

export type PowerAction = 'stop' | 'start' | 'reboot';

/** What the API asks for. All but `console` return once the wish is taken on; the row tells what became of it. */
export type Conductor = {
  /** The row says `building`/`scheduling`. Never throws for a boot that fails. */
  build(instanceId: string): void;
  /** The row says wanted `deleted`, task_state `deleting`. */
  remove(instanceId: string): void;
  /** The row says what is wanted and which task_state; the latter is cleared when done. */
  setPower(instanceId: string, action: PowerAction): void;
  /**
   * The end of the console log, at most `lines` lines when given.
   * @throws AssayError `console-unavailable` when the host cannot be asked
   */
  console(instanceId: string, lines?: number): Promise<string>;
};

export type ConductorOptions = {
  db: Kysely<Tables>;
  clock: Clock;
  log: Log;
  scheduler: SchedulerSettings;
  /** Where hosts connect. */
  link: Omit<LinkOptions, 'file' | 'log'>;
  /** `[image] directory` */
  imageDirectory: string;
  times?: Partial<Times>;
};

export type RunningConductor = Conductor & {
  /** The link's port. */
  readonly port: number;
  /** Is this host's connection to us standing? */
  connected(host: string): boolean;
  /** Everything that was taken on is done (or waits for a host). */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Listens for hosts and takes up what an earlier compute API left unfinished.
 * @throws AssayError for TLS files, addresses or a database that are not fit
 */
export async function startConductor(options: ConductorOptions): Promise<RunningConductor> {
  const { db, clock, log, scheduler, imageDirectory } = options;
  const ending = new AbortController();
  const closing = ending.signal;
  const arrivals = new Map<string, Set<() => void>>();
  const tickets = ticketsOf(scheduler.attestation, clock, closing);
  const poll = pollHostsOf(scheduler.attestation, scheduler.authTimeoutS, clock);
  const filterParts = {
    clock,
    poll,
    ramAllocationRatio: scheduler.ramAllocationRatio,
    serviceDownTimeS: scheduler.serviceDownTimeS,
  };
  const seen = (host: string) =>
    nodeSeen(db, host, clock.now()).catch((error: unknown) =>
      log.error({ err: error, host }, 'a heartbeat was not stored'),
    );

  const events: LinkEvents = {
    async registered(host, address, report) {
      const { hypervisor_hostname, zone, vcpus, memory_mb, local_gb, hypervisor_version } = report;
      const node = {
        host,
        hypervisor_hostname,
        zone,
        vcpus,
        memory_mb,
        local_gb,
        hypervisor_version,
        host_ip: address,
      };
      await reportNode(db, node, clock.now());
      const ids = report.instances.map(({ id }) => id);
      await reconcileHost(parts, host, ids, report.stopping);
      for (const arrived of arrivals.get(host) ?? []) arrived();
    },
    heartbeat: (host) => void seen(host),
    status(host, { instance: { id }, reason }) {
      log.info({ host, instance: id, reason }, 'an instance changed by itself');
      // Ended with its host: the host starts it again when it is back, not now.
      byInstance.run(id, 'take note of a change', () => settle(parts, id, host, false));
    },
    gone: (host) => log.warn({ host }, 'nothing can be started there until it is back'),
  };

  const byInstance = lanes(log, closing);
  const hostsBack: { over: boolean; promise: Promise<void> } = { over: false, promise: Promise.resolve() };
  const waiting: { link?: Link } = {};
  const parts: Parts = {
    db,
    clock,
    log,
    get link() {
      if (!waiting.link) throw new AssayError('link-down', 'compute link', 'a listener that has begun', 'none yet');
      return waiting.link;
    },
    filters: makeFilters(scheduler.filters, filterParts),
    ramAllocationRatio: scheduler.ramAllocationRatio,
    tickets,
    imageDirectory,
    lanes: byInstance,
    times: { ...defaultTimes, ...options.times },
    closing,
    hostsBack,
    whenConnected(host, ms) {
      if (parts.link.connected(host)) return Promise.resolve(true);
      return new Promise((done) => {
        const set = arrivals.get(host) ?? new Set();
        arrivals.set(host, set);
        const finish = (there: boolean) => {
          clearTimeout(late);
          set.delete(arrived);
          done(there);
        };
        const arrived = () => finish(true);
        const late = setTimeout(() => finish(false), ms);
        closing.addEventListener('abort', () => finish(false), { once: true });
        set.add(arrived);
      });
    },
  };

  const link = await startLink({ ...options.link, log, file: (wish) => handOut(parts, wish) }, events);
  waiting.link = link;
  const expected = (await allNodes(db)).filter((node) => isUp(node, clock.now(), scheduler.serviceDownTimeS));
  hostsBack.promise = Promise.all(expected.map(({ host }) => parts.whenConnected(host, parts.times.comeBack))).then(
    () => {
      hostsBack.over = true;
    },
  );
  for (const { id, wanted, vm_state } of await livingInstances(db)) {
    if (wanted === 'deleted') byInstance.run(id, 'delete an instance', () => remove(parts, id));
    else if (vm_state === 'building') byInstance.run(id, 'build an instance', () => build(parts, id));
  }

  return {
    port: link.port,
    build: (id) => byInstance.run(id, 'build an instance', () => build(parts, id)),
    remove: (id) => byInstance.run(id, 'delete an instance', () => remove(parts, id)),
    setPower(id, action) {
      byInstance.run(id, `${action} an instance`, () => ({ stop, start, reboot })[action](parts, id));
    },
    async console(id, lines) {
      const host = (await instanceById(db, id))?.host;
      const where = `console of instance ${id}`;
      if (!host) throw new AssayError('console-unavailable', where, 'an instance with a host', 'none');
      try {
        const order = { type: 'console', instance: id, ...(lines === undefined ? {} : { lines }) } as const;
        return (await link.order(host, order, 10_000)).output ?? '';
      } catch (cause) {
        if (!(cause instanceof AssayError)) throw cause;
        throw new AssayError('console-unavailable', where, `an answer of host ${host}`, cause.code, { cause });
      }
    },
    connected: (host) => link.connected(host),
    idle: () => byInstance.idle(),
    async close() {
      ending.abort();
      await link.close();
      await byInstance.idle();
    },
  };
}
