// May this host have this file of this instance now? Only the host the instance was released to, only while it is to run, and
// for a trusted instance only against a ticket that is still valid.
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { type FileWish, mustBeValid } from '../link/index.ts';
import { bootFilesOf, instanceById } from '../storage/index.ts';
import type { Parts } from './parts.ts';

/** @throws AssayError `file-forbidden`; the host learns no more than that */
export async function handOut(
  { db, tickets, clock, imageDirectory, log }: Pick<Parts, 'db' | 'tickets' | 'clock' | 'imageDirectory' | 'log'>,
  { host, instance, kind, ticket }: FileWish,
): Promise<{ path: string; size: number }> {
  const refused = (why: string, cause?: unknown) => {
    log.warn({ host, instance, kind, why, err: cause }, 'a host may not have a file');
    return new AssayError('file-forbidden', `${kind} of instance ${instance}`, 'a host that is to start it now', host);
  };
  const row = await instanceById(db, instance);
  if (!row || row.vm_state === 'deleted' || row.wanted !== 'active') throw refused('no such instance is wanted');
  if (row.host !== host || row.node !== host) throw refused('the instance is not released to it');
  if (row.trust === 'trusted') {
    if (ticket === undefined) throw refused('no ticket');
    const checked = await tickets.check(ticket, { instance, host, pool: row.pool }).catch((error: unknown) => {
      throw error instanceof AssayError ? refused('its ticket is not valid', error) : error;
    });
    mustBeValid(checked, clock);
  }
  const files = await bootFilesOf(db, row);
  if (!files) throw refused('the instance has no kernel or ramdisk');
  const { sha256, size } = files[kind];
  return { path: join(imageDirectory, sha256), size };
}
