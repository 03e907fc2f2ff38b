// A conductor without hosts, for tests of the API: what it is asked comes true in the row at once, on the first host there is.
import type { Clock } from '@assay/daemon';
import type { Kysely } from 'kysely';
import type { Conductor } from '../conductor/index.ts';
import { allNodes } from '../storage/compute-nodes.ts';
import { insertDecision } from '../storage/decisions.ts';
import { finishNewestAction } from '../storage/instance-actions.ts';
import { changeInstance, type InstanceChange, instanceById } from '../storage/instances.ts';
import type { Tables } from '../storage/tables.ts';

export type TestConductor = Conductor & {
  /** Resolves when all that was asked so far has come true. */
  settled(): Promise<void>;
  /** Nothing comes true until the function it returns is called. */
  hold(): () => void;
  consoles: Map<string, string>;
};

export function testConductor(db: Kysely<Tables>, clock: Clock): TestConductor {
  let work = Promise.resolve();
  const later = (doing: () => Promise<void>) => {
    work = work.then(doing);
  };
  const change = async (id: string, wanted: InstanceChange) => {
    await changeInstance(db, id, wanted, clock.now());
    await finishNewestAction(db, id, wanted.vm_state === 'error', clock.now());
  };
  const consoles = new Map<string, string>();
  return {
    consoles,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      later(() => promise);
      return resolve;
    },
    async settled() {
      for (let seen: unknown; seen !== work; ) {
        seen = work;
        await work;
      }
    },
    build: (id) =>
      later(async () => {
        const instance = await instanceById(db, id);
        if (instance?.wanted !== 'active') return;
        const [node] = await allNodes(db);
        const at = clock.now().toISOString();
        const hosts = node ? [{ host: node.host, filter: null, reason: null }] : [];
        const { request_id } = instance;
        await insertDecision(
          db,
          { instance_id: id, request_id, attempt: 1, host: node?.host ?? null, hosts },
          clock.now(),
        );
        if (!node)
          await change(id, {
            vm_state: 'error',
            task_state: null,
            fault: {
              code: 500,
              message: 'No valid host was found. There are not enough hosts available.',
              details: 'no host has ever connected',
              created: at,
            },
          });
        else
          await change(id, {
            host: node.host,
            node: node.hypervisor_hostname,
            availability_zone: node.zone,
            vm_state: 'active',
            task_state: null,
            power_state: 1,
            launched_at: at,
          });
      }),
    remove: (id) =>
      later(async () => {
        const at = clock.now().toISOString();
        await change(id, { vm_state: 'deleted', task_state: null, power_state: 0, terminated_at: at, deleted_at: at });
      }),
    setPower: (id, action) =>
      later(() =>
        change(id, {
          vm_state: action === 'stop' ? 'stopped' : 'active',
          task_state: null,
          power_state: action === 'stop' ? 4 : 1,
        }),
      ),
    async console(id, length) {
      const lines = (consoles.get(id) ?? '').split('\n');
      return lines.slice(length === undefined ? 0 : -length).join('\n');
    },
  };
}
