// Instances that ask for hosts of a pool. Those of before ask for none, which is the default one.
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export const pools = {
  name: '0002-pools',
  async up(db: Kysely<Tables>): Promise<void> {
    await db.schema.alterTable('instances').addColumn('pool', 'text').execute();
  },
};
