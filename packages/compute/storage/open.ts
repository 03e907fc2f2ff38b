// Opening the compute service's database, with its tables as this version wants them.
import { openDatabase } from '@assay/daemon/storage';
import type { Kysely } from 'kysely';
import { migrations } from './migrations/catalogue.ts';
import type { Tables } from './tables.ts';

/** @param url `sqlite:PATH` or `postgresql://…` */
export function openStorage(url: string): Promise<Kysely<Tables>> {
  return openDatabase<Tables>(url, migrations);
}
