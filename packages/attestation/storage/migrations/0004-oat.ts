// What the OAT API knows that nothing else has room for: OEMs, OSes, MLEs without their white lists (those are reference values), what a
// host was registered with, and the other names it goes by. Runs on SQLite and PostgreSQL.
import type { CreateTableBuilder, Kysely } from 'kysely';

const texts = <T extends string>(table: CreateTableBuilder<T>, columns: readonly string[]) =>
  columns.reduce((made: CreateTableBuilder<T>, column) => made.addColumn(column, 'text'), table);

export const oat = {
  name: '0004-oat',
  async up(db: Kysely<unknown>): Promise<void> {
    await owners(db);
    await mles(db);
    await hosts(db);
  },
};

async function owners(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('oat_oems')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('description', 'text')
    .execute();
  await db.schema
    .createTable('oat_oses')
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('vendor', 'text', (c) => c.notNull().unique())
    .addColumn('description', 'text')
    .addPrimaryKeyConstraint('oat_oses_key', ['name', 'version'])
    .execute();
}

async function mles(db: Kysely<unknown>): Promise<void> {
  const table = db.schema
    .createTable('oat_mles')
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('vendor', 'text', (c) => c.notNull())
    .addColumn('oem', 'text', (c) => c.references('oat_oems.name'))
    .addColumn('attestation_type', 'text', (c) => c.notNull());
  await texts(table, ['os', 'os_version', 'description', 'source_host'])
    .addPrimaryKeyConstraint('oat_mles_key', ['type', 'name', 'version', 'vendor'])
    .addForeignKeyConstraint('oat_mles_os', ['os', 'os_version'], 'oat_oses', ['name', 'version'])
    .execute();
}

async function hosts(db: Kysely<unknown>): Promise<void> {
  const table = db.schema
    .createTable('oat_hosts')
    .addColumn('host', 'text', (c) => c.primaryKey().references('hosts.name').onDelete('cascade'))
    .addColumn('ip_address', 'text')
    .addColumn('port', 'integer');
  await texts(table, [
    ...['bios_name', 'bios_version', 'bios_oem', 'vmm_name', 'vmm_version', 'vmm_os_name', 'vmm_os_version'],
    ...['email', 'description', 'addon_connection_string', 'location', 'aik_certificate'],
  ]).execute();
  await db.schema
    .createTable('host_aliases')
    .addColumn('alias', 'text', (c) => c.primaryKey())
    .addColumn('host', 'text', (c) => c.notNull().references('hosts.name').onDelete('cascade'))
    .execute();
  await db.schema.createIndex('host_aliases_host').on('host_aliases').column('host').execute();
}
