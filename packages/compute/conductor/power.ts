// Stop, start and reboot, as the subscriber asked for them or as a host that came back needs them.
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { changeInstance, finishNewestAction, type Instance, instanceById } from '../storage/index.ts';
import { type Parts, reasonOf } from './parts.ts';
import { startOnHost, ticketFor } from './start.ts';
import { TicketRefused } from './tickets.ts';

/**
 * Starts an instance that has a host and is off. A trusted one needs a new ticket: where the host is no longer trusted it
 * stays off, with the reason in its fault.
 * @param asked by a subscriber, whose instance action this ends
 * @param patienceMs how long it is tried while the host's trust is not known yet; a host that just came up is being attested
 */
export async function start(parts: Parts, id: string, asked = true, patienceMs = 0): Promise<void> {
  const { clock, closing, lanes } = parts;
  const from = clock.uptimeMs();
  for (let pauseMs = 250; ; pauseMs = Math.min(2 * pauseMs, 2_000)) {
    const instance = await instanceById(parts.db, id);
    if (instance?.wanted !== 'active' || instance.host === null) return;
    if (instance.vm_state === 'active' && instance.task_state === null && isOn(parts, instance)) return; // done by another job
    const off = { vm_state: 'stopped', task_state: 'powering-on', power_state: 4 } as const;
    if (instance.task_state !== 'powering-on')
      await changeInstance(parts.db, id, off, clock.now(), { wanted: 'active' });
    try {
      await startOnHost(parts, instance);
      return await settled(parts, id, { vm_state: 'active', power_state: 1, fault: null }, asked && 'done');
    } catch (error) {
      if (closing.aborted || !(error instanceof AssayError)) throw error;
      const final = error instanceof TicketRefused && error.trust === 'untrusted';
      const late = clock.uptimeMs() - from >= patienceMs;
      // Whoever waits in this lane (a delete) is not kept waiting for a host's trust.
      if (final || late || lanes.waiting(id) > 0) return await failed(parts, instance, 'start', error, asked);
    }
    await sleep(pauseMs, undefined, { signal: closing });
  }
}

export async function stop(parts: Parts, id: string, asked = true): Promise<void> {
  const instance = await instanceById(parts.db, id);
  if (instance?.wanted !== 'stopped' || instance.host === null) return;
  try {
    await parts.link.order(instance.host, { type: 'stop', instance: id }, parts.times.stop);
  } catch (error) {
    if (parts.closing.aborted || !(error instanceof AssayError)) throw error;
    // The wish stays in the row: the host is told when it is back.
    if (error.code === 'link-down' || error.code === 'link-lost') return;
    if (error.code !== 'instance-not-found') return failed(parts, instance, 'stop', error, asked);
  }
  await settled(parts, id, { vm_state: 'stopped', power_state: 4 }, asked && 'done');
}

/** The guest begins anew; QEMU stays. For a trusted instance that is a start, so it needs a ticket: without one it runs on. */
export async function reboot(parts: Parts, id: string): Promise<void> {
  const instance = await instanceById(parts.db, id);
  if (instance?.wanted !== 'active' || instance.host === null) return;
  try {
    const ticket = await ticketFor(parts, instance, instance.host);
    const order = { type: 'reboot', instance: id, ...(ticket ? { ticket: ticket.text } : {}) } as const;
    await parts.link.order(instance.host, order, parts.times.start);
  } catch (error) {
    if (parts.closing.aborted || !(error instanceof AssayError)) throw error;
    return failed(parts, instance, 'reboot', error, true);
  }
  await settled(parts, id, { vm_state: 'active', power_state: 1, fault: null }, 'done');
}

const isOn = ({ link }: Parts, { id, host }: Instance): boolean =>
  host !== null && link.actual(host, id)?.running === true;

async function settled(
  { db, clock }: Parts,
  id: string,
  change: Parameters<typeof changeInstance>[2],
  action: 'done' | 'failed' | false,
): Promise<void> {
  const instance = await instanceById(db, id);
  if (!instance || instance.vm_state === 'deleted') return;
  // A delete that was asked for meanwhile keeps its mark.
  const task = instance.wanted === 'deleted' ? {} : { task_state: null };
  await changeInstance(db, id, { ...change, ...task }, clock.now(), { wanted: instance.wanted });
  if (action) await finishNewestAction(db, id, action === 'failed', clock.now());
}

/** It is as before; why the wish did not come true stands in the fault. */
async function failed(
  parts: Parts,
  { id, host }: Instance,
  what: string,
  error: AssayError,
  asked: boolean,
): Promise<void> {
  const { clock, log } = parts;
  log.warn({ err: error, instance: id, host }, `an instance could not ${what}`);
  const fault = {
    code: 500,
    message: `Instance could not ${what} on its host.`,
    details: `${host}: ${what}: ${reasonOf(error)}`,
    created: clock.now().toISOString(),
  };
  await settled(parts, id, { fault }, asked && 'failed');
}
