// Hosts, their enrolment, challenges, evidence, verdicts; reference values. Runs on SQLite and PostgreSQL.
import type { Kysely } from 'kysely';

export const firstLight = {
  name: '0001-first-light',
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('hosts')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('registration', 'text', (c) => c.notNull().unique())
      .addColumn('registered_at', 'text', (c) => c.notNull())
      .addColumn('ek_pin', 'text')
      .addColumn('last_round', 'bigint', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('enrolments')
      .addColumn('host', 'text', (c) => c.primaryKey().references('hosts.name').onDelete('cascade'))
      .addColumn('ek_sha256', 'text', (c) => c.notNull().unique())
      .addColumn('ek_name', 'text', (c) => c.notNull().unique())
      .addColumn('ek_certificate', 'text', (c) => c.notNull())
      .addColumn('endorsement', 'text', (c) => c.notNull())
      .addColumn('ak_name', 'text', (c) => c.notNull())
      .addColumn('ak_public', 'text', (c) => c.notNull())
      .addColumn('enrolled_at', 'text', (c) => c.notNull())
      .addColumn('last_quote', 'text')
      .execute();
    await db.schema
      .createTable('challenges')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('host', 'text', (c) => c.notNull().references('hosts.name').onDelete('cascade'))
      .addColumn('ak_name', 'text', (c) => c.notNull())
      .addColumn('connection', 'text', (c) => c.notNull())
      .addColumn('nonce', 'text', (c) => c.notNull().unique())
      .addColumn('round', 'bigint', (c) => c.notNull())
      .addColumn('issued_at', 'text', (c) => c.notNull())
      .addColumn('counts', 'integer', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('challenges_host').on('challenges').column('host').execute();
    await db.schema
      .createTable('verdicts')
      .addColumn('host', 'text', (c) => c.primaryKey().references('hosts.name').onDelete('cascade'))
      .addColumn('round', 'bigint', (c) => c.notNull())
      .addColumn('verdict', 'text', (c) => c.notNull())
      .addColumn('uptime_ms', 'bigint', (c) => c.notNull())
      .addColumn('boot_id', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('evidence')
      .addColumn('host', 'text', (c) => c.primaryKey().references('hosts.name').onDelete('cascade'))
      .addColumn('round', 'bigint', (c) => c.notNull())
      .addColumn('nonce', 'text', (c) => c.notNull())
      .addColumn('ak_name', 'text', (c) => c.notNull())
      .addColumn('claimed', 'text', (c) => c.notNull())
      .addColumn('received_at', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('reference_values')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('component', 'text', (c) => c.notNull())
      .addColumn('events', 'text', (c) => c.notNull())
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('added_at', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('versions')
      .addColumn('subject', 'text', (c) => c.primaryKey())
      .addColumn('version', 'bigint', (c) => c.notNull())
      .execute();
  },
};
