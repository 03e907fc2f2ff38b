// What makes good: policies in versions, pools by labels, reference values with a life of their own; a verdict for each pool; what became of
// verdicts, and the evidence behind them; who changed what. What the first releases learnt and concluded stays. Runs on SQLite and PostgreSQL.
import { allowedByDefault } from '@assay/appraisal';
import { components, defaultPool, type PolicyDocument } from '@assay/protocol';
import type { Kysely } from 'kysely';

/** The tables as they are before and after, as far as this migration touches rows. */
type Old = {
  hosts: { name: string };
  verdicts: { host: string; round: number; verdict: string; uptime_ms: number; boot_id: string };
  reference_values: { id: string; component: string; events: string; source: string; added_at: string };
  versions: { subject: string; version: number };
};
type New = {
  verdicts_by_pool: Old['verdicts'] & { pool: string; revision: number };
  known_good: Record<string, string | null>;
  policies: Record<string, string | number | null>;
};

export const knownGoodInFull = {
  name: '0003-known-good',
  async up(given: Kysely<unknown>): Promise<void> {
    const db = given as Kysely<Old & New>;
    await db.schema
      .alterTable('hosts')
      .addColumn('labels', 'text', (c) => c.notNull().defaultTo('{}'))
      .execute();
    await policies(db);
    await verdicts(db);
    await referenceValues(db);
    await history(db);
    await db.updateTable('versions').set({ subject: 'standards' }).where('subject', '=', 'reference').execute();
  },
};

/** Hosts that were there before go on under the policy that was built in. */
async function policies(db: Kysely<Old & New>): Promise<void> {
  await db.schema
    .createTable('policies')
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('version', 'bigint', (c) => c.notNull())
    .addColumn('document', 'text')
    .addColumn('applied_at', 'text', (c) => c.notNull())
    .addColumn('by', 'text', (c) => c.notNull())
    .addColumn('because', 'text')
    .addPrimaryKeyConstraint('policies_key', ['pool', 'version'])
    .execute();
  const used =
    (await db.selectFrom('hosts').select('name').limit(1).executeTakeFirst()) ??
    (await db.selectFrom('reference_values').select('id').limit(1).executeTakeFirst());
  if (!used) return;
  const document: PolicyDocument = {
    pool: defaultPool,
    description: 'What the first release asked of every host.',
    tpm: { software: true },
    known_good: [...components],
    allowed_findings: [...allowedByDefault],
  };
  await db
    .insertInto('policies')
    .values({
      pool: defaultPool,
      version: 1,
      document: JSON.stringify(document),
      applied_at: new Date().toISOString(),
      by: 'upgrade',
      because: 'as before the upgrade; software TPMs count only where software_tpm_ca_dir names their CA',
    })
    .execute();
}

async function verdicts(db: Kysely<Old & New>): Promise<void> {
  await db.schema
    .createTable('verdicts_by_pool')
    .addColumn('host', 'text', (c) => c.notNull().references('hosts.name').onDelete('cascade'))
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('round', 'bigint', (c) => c.notNull())
    .addColumn('revision', 'bigint', (c) => c.notNull())
    .addColumn('verdict', 'text', (c) => c.notNull())
    .addColumn('gist', 'text', (c) => c.notNull().defaultTo(''))
    .addColumn('uptime_ms', 'bigint', (c) => c.notNull())
    .addColumn('boot_id', 'text', (c) => c.notNull())
    .addColumn('files', 'text')
    .addPrimaryKeyConstraint('verdicts_key', ['host', 'pool'])
    .execute();
  for (const row of await db.selectFrom('verdicts').selectAll().execute()) {
    await db
      .insertInto('verdicts_by_pool')
      .values({ ...row, verdict: inDefaultPool(row.verdict), pool: defaultPool, revision: 0 })
      .execute();
  }
  await db.schema.dropTable('verdicts').execute();
  await db.schema.alterTable('verdicts_by_pool').renameTo('verdicts').execute();
}

/** One that cannot be read stays so: its host is unknown until the next round, and no other suffers by it. */
function inDefaultPool(verdict: string): string {
  try {
    return JSON.stringify({ pool: defaultPool, ...JSON.parse(verdict) });
  } catch {
    return verdict;
  }
}

async function referenceValues(db: Kysely<Old & New>): Promise<void> {
  const create = db.schema
    .createTable('known_good')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('component', 'text', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('by', 'text', (c) => c.notNull())
    .addColumn('added_at', 'text', (c) => c.notNull());
  await ['vendor', 'name', 'version', 'from', 'until', 'replaces', 'because', 'retired_at', 'retired_because']
    .reduce((table, column) => table.addColumn(column, 'text'), create)
    .execute();
  for (const { id, component, events, source, added_at } of await db
    .selectFrom('reference_values')
    .selectAll()
    .execute()) {
    const host = /^learnt from host (\S+)$/.exec(source)?.[1];
    await db
      .insertInto('known_good')
      .values({
        ...{ id, component, added_at, state: 'current', by: 'unknown' },
        content: JSON.stringify({ form: 'sequence', events: JSON.parse(events) }),
        source: JSON.stringify(host ? { kind: 'host', name: host } : { kind: 'import', name: source }),
      })
      .execute();
  }
  await db.schema.dropTable('reference_values').execute();
  await db.schema.alterTable('known_good').renameTo('reference_values').execute();
}

/** What was, and who did what. */
async function history(db: Kysely<Old & New>): Promise<void> {
  await db.schema
    .createTable('journal')
    .addColumn('seq', 'bigint', (c) => c.primaryKey())
    .addColumn('at', 'text', (c) => c.notNull())
    .addColumn('by', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('because', 'text')
    .execute();
  await db.schema
    .createTable('verdict_history')
    .addColumn('host', 'text', (c) => c.notNull().references('hosts.name').onDelete('cascade'))
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('round', 'bigint', (c) => c.notNull())
    .addColumn('revision', 'bigint', (c) => c.notNull())
    .addColumn('at', 'text', (c) => c.notNull())
    .addColumn('until', 'text')
    .addColumn('verdict', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('verdict_history_key', ['host', 'pool', 'round', 'revision'])
    .execute();
  await db.schema.createIndex('verdict_history_at').on('verdict_history').column('at').execute();
  await db.schema
    .createTable('evidence_history')
    .addColumn('host', 'text', (c) => c.notNull().references('hosts.name').onDelete('cascade'))
    .addColumn('round', 'bigint', (c) => c.notNull())
    .addColumn('received_at', 'text', (c) => c.notNull())
    .addColumn('event_log_sha256', 'text')
    .addColumn('body', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('evidence_history_key', ['host', 'round'])
    .execute();
  await db.schema.createIndex('evidence_history_log').on('evidence_history').column('event_log_sha256').execute();
  await db.schema
    .createTable('ima_parts')
    .addColumn('host', 'text', (c) => c.notNull().references('hosts.name').onDelete('cascade'))
    .addColumn('offset', 'bigint', (c) => c.notNull())
    .addColumn('length', 'bigint', (c) => c.notNull())
    .addColumn('data', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('ima_parts_key', ['host', 'offset'])
    .execute();
}
