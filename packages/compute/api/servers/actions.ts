// POST /servers/{id}/action: stop, start, reboot, console output. The row takes the wish at once, the conductor brings it about.

import { AssayError } from '@assay/core';
import type { FastifyRequest } from 'fastify';
import type { PowerAction } from '../../conductor/index.ts';
import { caller } from '../../identity/guard.ts';
import { Refusal } from '../../refusal.ts';
import { insertAction } from '../../storage/instance-actions.ts';
import { changeInstance, type Instance, type InstanceChange } from '../../storage/instances.ts';
import type { TaskState, VmState } from '../../storage/tables.ts';
import type { ApiContext } from '../context.ts';

/** Action → in which states it may be asked for, what is wanted then, what goes on meanwhile. */
const power: Record<PowerAction, { from: VmState[]; change: InstanceChange & { task_state: TaskState } }> = {
  stop: { from: ['active'], change: { wanted: 'stopped', task_state: 'powering-off' } },
  start: { from: ['stopped'], change: { wanted: 'active', task_state: 'powering-on' } },
  reboot: { from: ['active'], change: { wanted: 'active', task_state: 'rebooting' } },
};

/** @returns what to answer, or undefined for 202 without body */
export async function act(
  context: ApiContext,
  request: FastifyRequest,
  instance: Instance,
): Promise<object | undefined> {
  const [[name, argument] = [], ...rest] = Object.entries((request.body ?? {}) as Record<string, unknown>);
  if (name === undefined || rest.length > 0) throw new Refusal('request-invalid', 'Malformed request body');
  switch (name) {
    case 'os-stop':
      await setPower(context, request, instance, 'stop');
      return undefined;
    case 'os-start':
      await setPower(context, request, instance, 'start');
      return undefined;
    case 'reboot': {
      const type = (argument as { type?: unknown } | null)?.type;
      if (typeof type !== 'string' || !/^(soft|hard)$/i.test(type))
        throw new Refusal(
          'request-invalid',
          "Invalid input for field/attribute type. It is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']",
        );
      await setPower(context, request, instance, 'reboot', /^hard$/i.test(type) ? 'rebooting_hard' : 'rebooting');
      return undefined;
    }
    case 'os-getConsoleOutput':
      return { output: await consoleOf(context, instance, (argument as { length?: unknown } | null)?.length) };
    default:
      throw new Refusal('request-invalid', `There is no such action: ${name.slice(0, 100)}`);
  }
}

async function setPower(
  { db, clock, conductor }: ApiContext,
  request: FastifyRequest,
  instance: Instance,
  action: PowerAction,
  task_state: TaskState = power[action].change.task_state,
): Promise<void> {
  const { from, change } = power[action];
  const { id, vm_state } = instance;
  if (!from.includes(vm_state)) throw conflict(action, id, 'vm_state', vm_state);
  if (instance.task_state !== null) throw conflict(action, id, 'task_state', instance.task_state);
  const now = clock.now();
  await db.transaction().execute(async (trx) => {
    const taken = await changeInstance(trx, id, { ...change, task_state }, now, { vm_state, task_state: null });
    if (!taken) throw conflict(action, id, 'task_state', 'changing'); // another request was a moment earlier
    await insertAction(trx, actionOf(request, instance, action), now);
  });
  conductor.setPower(id, action);
}

/** Ends it on its host first; the answer is given at once, and 404 follows when the host has confirmed. */
export async function remove(context: ApiContext, request: FastifyRequest, instance: Instance): Promise<void> {
  const { db, clock, conductor } = context;
  const change: InstanceChange = { wanted: 'deleted', task_state: 'deleting' };
  if (instance.wanted !== 'deleted')
    await db.transaction().execute(async (trx) => {
      await changeInstance(trx, instance.id, change, clock.now());
      await insertAction(trx, actionOf(request, instance, 'delete'), clock.now());
    });
  conductor.remove(instance.id);
}

const actionOf = (request: FastifyRequest, { id: instance_id, project_id }: Instance, action: string) => ({
  instance_id,
  project_id,
  action,
  request_id: request.id,
  user_id: caller(request).user.id,
});

async function consoleOf({ conductor }: ApiContext, instance: Instance, length: unknown): Promise<string> {
  const lines = length === undefined || length === null || Number(length) === -1 ? undefined : Number(length);
  if (lines !== undefined && (!Number.isInteger(lines) || lines < 0))
    throw new Refusal('request-invalid', 'Invalid input for field/attribute length. It is no number of lines');
  if (instance.host === null) throw new Refusal('instance-conflict', `Instance ${instance.id} is not ready`);
  try {
    return await conductor.console(instance.id, lines);
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new Refusal(
      'console-not-found',
      `Console log output could not be retrieved for instance ${instance.id}. Reason: ${cause.code}`,
      { cause },
    );
  }
}

const conflict = (action: string, id: string, kind: string, state: string) =>
  new Refusal('instance-conflict', `Cannot '${action}' instance ${id} while it is in ${kind} ${state}`);
