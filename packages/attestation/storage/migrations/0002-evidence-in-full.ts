// All it takes to check evidence again: what was asked, what was known before, and boot logs once each, however many rounds and hosts
// have the same. Rows of before have their boot log inside `claimed` and the rest empty. Runs on SQLite and PostgreSQL.
import type { Kysely } from 'kysely';

export const evidenceInFull = {
  name: '0002-evidence-in-full',
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('boot_logs')
      .addColumn('sha256', 'text', (c) => c.primaryKey())
      .addColumn('log', 'text', (c) => c.notNull())
      .execute();
    for (const column of ['event_log_sha256', 'wanted', 'previous'])
      await db.schema.alterTable('evidence').addColumn(column, 'text').execute();
    await db.schema.alterTable('evidence').addColumn('ima_asked', 'bigint').execute();
    await db.schema.createIndex('evidence_event_log').on('evidence').column('event_log_sha256').execute();
  },
};
