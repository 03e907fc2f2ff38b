// Instances that ask for hosts with asset tags. Those of before ask for none.
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

export const tags = {
  name: '0003-tags',
  async up(db: Kysely<Tables>): Promise<void> {
    await db.schema.alterTable('instances').addColumn('trust_tags', 'text').execute();
  },
};
