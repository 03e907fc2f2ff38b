// May this instance run here, now? A trusted one only with a ticket that names it, its pool, this host and this host's own
// attestation key. The question is asked twice: before anything is fetched, and in the instant in which the guest is let run.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import type { Clock } from '@assay/daemon';
import { AkState, akStateFile, parse } from '@assay/protocol';
import type { InstanceSpec } from '../link/frames.ts';
import { type CheckTicket, mustBeValid } from '../link/ticket.ts';

/** @throws AssayError `ticket-expired` */
export type MayRun = () => void;
/** @throws AssayError `ticket-missing`, `ticket-invalid`, `ticket-expired`, `ticket-keys` */
export type Permission = (spec: InstanceSpec, ticket: string | undefined) => Promise<MayRun>;

/** @param check undefined: this host knows no attestation server, so nothing trusted runs on it */
export function permissionOf(
  check: CheckTicket | undefined,
  { host, agentStateDir, clock }: { host: string; agentStateDir: string; clock: Clock },
): Permission {
  return async (spec, text) => {
    if (spec.trust !== 'trusted') return () => undefined;
    const where = `ticket for instance ${spec.id}`;
    if (text === undefined) throw new AssayError('ticket-missing', where, 'a ticket of the attestation server', 'none');
    if (!check)
      throw new AssayError('ticket-keys', where, 'the attestation server’s keys', 'none', {
        hint: 'set [compute_host] attestation_server',
      });
    const ticket = await check(text, { instance: spec.id, host, pool: spec.pool ?? null });
    const own = await akNameOf(agentStateDir, where);
    // Another key than the one enrolled here: the evidence behind this ticket came from another machine, or another time.
    if (ticket.claims.ak_name !== own)
      throw new AssayError('ticket-invalid', where, `this host’s attestation key ${own}`, ticket.claims.ak_name);
    mustBeValid(ticket, clock);
    return () => mustBeValid(ticket, clock);
  };
}

async function akNameOf(agentStateDir: string, where: string): Promise<string> {
  const file = join(agentStateDir, akStateFile);
  try {
    return parse(AkState, await readFile(file, 'utf8'), file).ak_name;
  } catch (cause) {
    throw new AssayError('ticket-invalid', where, `this host’s attestation key in ${file}`, cause, {
      cause,
      hint: 'has the agent enrolled this host?',
    });
  }
}
