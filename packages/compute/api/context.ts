// What every resource of the compute API works with.
import type { Clock, Log } from '@assay/daemon';
import type { HttpsServer } from '@assay/daemon/https';
import type { Kysely } from 'kysely';
import type { Conductor } from '../conductor/index.ts';
import type { Urls } from '../identity/catalog.ts';
import type { Tables } from '../storage/tables.ts';

export type ApiContext = {
  db: Kysely<Tables>;
  conductor: Conductor;
  urls: Urls;
  clock: Clock;
  log: Log;
  /** Seconds without a word after which a host counts as down: Nova's `service_down_time`. */
  serviceDownTimeS: number;
};

/** Adds one resource's routes. */
export type Resource = (server: HttpsServer, context: ApiContext) => void;

/** `self` and `bookmark`, as Nova links things. */
export function links({ compute }: Urls, path: string) {
  return [
    { rel: 'self', href: `${compute}/v2.1/${path}` },
    { rel: 'bookmark', href: `${compute}/${path}` },
  ];
}

/** Nova writes most times without zone and with six digits: `2026-11-23T05:39:26.000000`. */
export const micros = (time: string): string => time.replace(/(\.\d{3})?Z$/, (_all, ms = '.000') => `${ms}000`);
/** … and those of servers as `2026-11-23T05:39:51Z`. */
export const seconds = (time: string): string => time.replace(/\.\d{3}Z$/, 'Z');
