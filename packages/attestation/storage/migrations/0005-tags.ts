// Asset tags of hosts, and what was expected of them in the round that an evidence is of. Runs on SQLite and PostgreSQL.
import type { Kysely } from 'kysely';

export const tags = {
  name: '0005-tags',
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('host_tags')
      .addColumn('host', 'text', (c) => c.primaryKey().references('hosts.name').onDelete('cascade'))
      .addColumn('tags', 'text', (c) => c.notNull())
      .addColumn('serial', 'bigint', (c) => c.notNull())
      .addColumn('written_at', 'text', (c) => c.notNull())
      .addColumn('certified_at', 'text')
      .addColumn('problem', 'text')
      .execute();
    await db.schema.alterTable('evidence').addColumn('tags', 'text').execute();
  },
};
