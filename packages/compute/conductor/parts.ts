// What every step of the conductor works with.
import type { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import type { Kysely } from 'kysely';
import type { Link } from '../link/index.ts';
import type { NamedFilter } from '../scheduler/index.ts';
import type { Tables } from '../storage/index.ts';
import type { Lanes } from './lanes.ts';
import type { Tickets } from './tickets.ts';

export type Parts = {
  db: Kysely<Tables>;
  clock: Clock;
  log: Log;
  link: Link;
  filters: readonly NamedFilter[];
  ramAllocationRatio: number;
  tickets: Tickets;
  /** `[image] directory`: files named by their SHA-256. */
  imageDirectory: string;
  lanes: Lanes;
  times: Times;
  /** The compute API is ending: what is under way is left as it is, and picked up again at the next start. */
  closing: AbortSignal;
  /** Until the hosts that were here before the compute API began have come back, or have had the time for it. */
  hostsBack: { over: boolean; promise: Promise<void> };
  /** Resolves when the host is connected, or after `ms` with false. */
  whenConnected(host: string, ms: number): Promise<boolean>;
};

/** Milliseconds. */
export type Times = {
  /** From start order to running guest, with fetching an image the host has not yet. */
  start: number;
  /** With the time a guest has for powering off. */
  stop: number;
  remove: number;
  /** A host that vanished in the middle of a start may come back so long. */
  comeBack: number;
  /** So long a host that came up may need to be attested before its instances are given up. */
  attested: number;
};

export const defaultTimes: Times = { start: 60_000, stop: 90_000, remove: 30_000, comeBack: 15_000, attested: 120_000 };

/** One line for administrators: what the host or the attestation server said itself, where it did. */
export function reasonOf(error: AssayError): string {
  return typeof error.cause === 'string' ? error.cause : error.message;
}
