// Starting one instance on one host: ticket first, then the order. Used by boots, by `nova start` and when a host came back.
import { AssayError } from '@assay/core';
import type { Ticket } from '../link/index.ts';
import { bootFilesOf, changeInstance, type Instance } from '../storage/index.ts';
import type { Parts } from './parts.ts';

/**
 * Resolves when the guest runs.
 * @param instance its row, claimed by a host
 * @throws AssayError why it does not: TicketRefused, `link-…`, or what the host answered
 */
export async function startOnHost(parts: Parts, instance: Instance): Promise<void> {
  const { db, link, clock, times } = parts;
  const { id, host } = instance;
  if (host === null) throw new AssayError('instance-host-missing', `instance ${id}`, 'a host', 'none');
  const files = await bootFilesOf(db, instance);
  if (!files)
    throw new AssayError('image-missing', `instance ${id}`, 'an image with kernel and ramdisk', instance.image_name);
  // What a host had of a trusted instance at an earlier start, it has to earn again.
  if (instance.trust === 'trusted' && instance.node !== null)
    await changeInstance(db, id, { node: null }, clock.now(), { host });
  const ticket = await ticketFor(parts, instance, host);
  // From here on the instance is the host's: `node` says so, and its files and metadata are handed out.
  const released = await changeInstance(db, id, { node: host }, clock.now(), { host, wanted: 'active' });
  if (!released)
    throw new AssayError('instance-changed', `instance ${id}`, 'one still wanted on its host', 'another wish');
  const { sha256, size } = files.kernel;
  const order = {
    type: 'start',
    spec: {
      id,
      project_id: instance.project_id,
      memory_mb: instance.memory_mb,
      vcpus: instance.vcpus,
      mac: instance.mac,
      address: instance.address,
      trust: instance.trust,
      pool: instance.pool,
      kernel: { sha256, size },
      ramdisk: { sha256: files.ramdisk.sha256, size: files.ramdisk.size },
    },
    ...(ticket ? { ticket: ticket.text } : {}),
  } as const;
  try {
    await link.order(host, order, times.start);
  } catch (error) {
    if (!(error instanceof AssayError) || error.code !== 'link-lost' || parts.closing.aborted) throw error;
    // Nobody knows whether it runs; the host says so when it comes back.
    if ((await parts.whenConnected(host, times.comeBack)) && link.actual(host, id)?.running) return;
    throw error;
  }
}

/** Only trusted instances need one. */
export async function ticketFor(parts: Parts, instance: Instance, host: string): Promise<Ticket | undefined> {
  const { id, trust, pool, trust_tags: tags } = instance;
  return trust === 'trusted' ? parts.tickets.obtain(id, host, pool, tags) : undefined;
}
