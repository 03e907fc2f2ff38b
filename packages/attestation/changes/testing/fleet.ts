// A fleet for a test: a server whose hosts are known by their recorded evidence alone.
import type { TestContext } from 'node:test';
import { systemClock } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import type { LearnResult, ReferenceChangeResult, Rehearsal, Trust } from '@assay/protocol';
import { migrations } from '../../storage/migrations/catalogue.ts';
import type { Schema } from '../../storage/schema.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../../testing/server.ts';
import { type FleetHost, fleetPolicy, fleetTpm, recordFleet, valuesOf } from './recorded.ts';

export { type FleetHost, fleetPolicy, fleetStore, recordEvidence, recordFleet, valuesOf } from './recorded.ts';

export type Fleet = {
  readonly server: TestServer;
  /** Ids by component, of what a golden host with log `a` taught. */
  readonly ids: Readonly<Record<string, string>>;
  trust(name: string, pool?: string): Promise<Trust | undefined>;
  /** A request that has to go well. */
  ok<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** A request that has to be refused. @returns status, code and message */
  refused(method: string, path: string, body?: unknown): Promise<[status: number, code: string, message: string]>;
  restart(): Promise<Fleet>;
};

/** A server with these hosts, all judged by what a golden host with log `a` taught. */
export async function startFleet(
  t: TestContext,
  hosts: readonly FleetHost[],
  options: TestServerOptions = {},
): Promise<Fleet> {
  const first = await startTestServer(t, {
    softwareTpmCas: { 'ca.pem': fleetTpm.ca.pem },
    policy: fleetPolicy,
    ...options,
  });
  const { clock = systemClock } = options;
  const db = await openDatabase<Schema>(first.options.database, migrations);
  const moment = { now: clock.now(), uptimeMs: Math.round(clock.uptimeMs()), bootId: clock.bootId };
  const { verdict_lifetime: lifetimeS } = options;
  await recordFleet(db, hosts, { ...moment, ...(lifetimeS !== undefined && { lifetimeS }) });
  await db.destroy();
  const fleet = fleetOn(await first.restart(), {});
  const { added } = await fleet.ok<LearnResult>('POST', '/v1/reference', { values: valuesOf() });
  return fleetOn(fleet.server, Object.fromEntries(added.map(({ component, id }) => [component, id])));
}

function fleetOn(server: TestServer, ids: Fleet['ids']): Fleet {
  return {
    server,
    ids,
    async trust(name, pool) {
      const { verdict, verdicts } = await server.host(name);
      return pool === undefined ? verdict.trust : verdicts.find((one) => one.pool === pool)?.trust;
    },
    async ok<T>(method: string, path: string, body?: unknown) {
      const answer = await server.call(method, path, body);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body as T;
    },
    async refused(method, path, body) {
      const { status, body: answer } = await server.call(method, path, body);
      const { code, message } = (answer as { error?: { code: string; message: string } }).error ?? {
        code: 'none',
        message: JSON.stringify(answer),
      };
      return [status, code, message];
    },
    restart: async () => fleetOn(await server.restart(), ids),
  };
}

/** Of a rehearsal, what a test looks at. */
export const gist = ({ rehearsal }: { rehearsal?: Rehearsal } | ReferenceChangeResult) => [
  rehearsal?.losing,
  Math.round(rehearsal?.losing_percent ?? -1),
  rehearsal?.changes.map(({ host, before, after }) => `${host} ${before}→${after}`),
];

export const names = (count: number, prefix = 'node'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
