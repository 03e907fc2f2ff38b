// The first tables: instances, hosts, flavors, keys, images, identity and the scheduler's decisions.
import type { Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

type Columns = Record<string, 'text' | 'text?' | 'integer' | 'bigint' | 'double precision'>;

const instances: Columns = {
  number: 'integer',
  name: 'text',
  hostname: 'text',
  project_id: 'text',
  user_id: 'text',
  flavor: 'text',
  memory_mb: 'integer',
  vcpus: 'integer',
  root_gb: 'integer',
  image_id: 'text',
  image_name: 'text',
  kernel_id: 'text',
  ramdisk_id: 'text',
  key_name: 'text?',
  public_key: 'text?',
  user_data: 'text?',
  metadata: 'text',
  availability_zone: 'text?',
  wanted_zone: 'text?',
  wanted_host: 'text?',
  host: 'text?',
  node: 'text?',
  vm_state: 'text',
  task_state: 'text?',
  power_state: 'integer',
  wanted: 'text',
  fault: 'text?',
  address: 'text',
  mac: 'text',
  reservation_id: 'text',
  launch_index: 'integer',
  trust: 'text?',
  request_id: 'text',
  created_at: 'text',
  updated_at: 'text',
  launched_at: 'text?',
  terminated_at: 'text?',
  deleted_at: 'text?',
};

/** Table → its key columns and its other columns. */
const tables: Record<keyof Tables, { key: readonly string[]; columns: Columns; unique?: readonly string[][] }> = {
  instances: { key: ['id'], columns: instances, unique: [['number'], ['mac']] },
  compute_nodes: {
    key: ['id'],
    columns: {
      number: 'integer',
      service_id: 'text',
      host: 'text',
      hypervisor_hostname: 'text',
      zone: 'text',
      vcpus: 'integer',
      memory_mb: 'integer',
      local_gb: 'integer',
      hypervisor_version: 'integer',
      host_ip: 'text',
      last_seen_at: 'text',
      disabled: 'integer',
      disabled_reason: 'text?',
      created_at: 'text',
      updated_at: 'text',
    },
    unique: [['host'], ['service_id'], ['number']],
  },
  flavors: {
    key: ['id'],
    columns: {
      name: 'text',
      memory_mb: 'integer',
      vcpus: 'integer',
      root_gb: 'integer',
      ephemeral_gb: 'integer',
      swap_mb: 'integer',
      rxtx_factor: 'double precision',
      is_public: 'integer',
      disabled: 'integer',
      description: 'text?',
      created_at: 'text',
    },
    unique: [['name']],
  },
  flavor_extra_specs: { key: ['flavor_id', 'key'], columns: { value: 'text' } },
  keypairs: {
    key: ['user_id', 'name'],
    columns: { number: 'integer', type: 'text', public_key: 'text', fingerprint: 'text', created_at: 'text' },
    unique: [['number']],
  },
  images: {
    key: ['id'],
    columns: {
      name: 'text',
      status: 'text',
      visibility: 'text',
      owner: 'text?',
      container_format: 'text',
      disk_format: 'text',
      size: 'bigint',
      min_ram: 'integer',
      min_disk: 'integer',
      os_hidden: 'integer',
      checksum: 'text',
      sha256: 'text',
      sha512: 'text',
      properties: 'text',
      created_at: 'text',
      updated_at: 'text',
    },
  },
  users: {
    key: ['id'],
    columns: { name: 'text', domain_id: 'text', password_hash: 'text', enabled: 'integer', created_at: 'text' },
    unique: [['domain_id', 'name']],
  },
  projects: {
    key: ['id'],
    columns: { name: 'text', domain_id: 'text', description: 'text', enabled: 'integer', created_at: 'text' },
    unique: [['domain_id', 'name']],
  },
  roles: { key: ['id'], columns: { name: 'text' }, unique: [['name']] },
  role_assignments: { key: ['user_id', 'project_id', 'role_id'], columns: {} },
  revoked_tokens: { key: ['token_id'], columns: { expires_at: 'text' } },
  decisions: {
    key: ['id'],
    columns: {
      instance_id: 'text',
      request_id: 'text',
      attempt: 'integer',
      host: 'text?',
      hosts: 'text',
      outcome: 'text?',
      created_at: 'text',
    },
  },
  instance_actions: {
    key: ['instance_id', 'request_id'],
    columns: {
      action: 'text',
      user_id: 'text',
      project_id: 'text',
      start_time: 'text',
      updated_at: 'text',
      message: 'text?',
    },
  },
  quotas: { key: ['project_id', 'resource'], columns: { hard_limit: 'integer' } },
  counters: { key: ['name'], columns: { value: 'integer' } },
};

export const firstLight = {
  name: '0001-first-light',
  async up(db: Kysely<Tables>): Promise<void> {
    for (const [table, { key, columns, unique }] of Object.entries(tables)) {
      let create = db.schema.createTable(table);
      for (const column of key) create = create.addColumn(column, 'text', (c) => c.notNull());
      for (const [column, type] of Object.entries(columns))
        create = create.addColumn(column, type === 'text?' ? 'text' : type, (c) =>
          type === 'text?' ? c : c.notNull(),
        );
      create = create.addPrimaryKeyConstraint(`${table}_key`, [...key] as never);
      for (const group of unique ?? [])
        create = create.addUniqueConstraint(`${table}_${group.join('_')}`, [...group] as never);
      await create.execute();
    }
    await db.schema.createIndex('instances_by_host').on('instances').columns(['host', 'vm_state']).execute();
    await db.schema.createIndex('instances_by_project').on('instances').columns(['project_id', 'number']).execute();
    await db.schema.createIndex('decisions_by_instance').on('decisions').column('instance_id').execute();
    for (const name of ['instances', 'compute_nodes', 'keypairs'])
      await db.insertInto('counters').values({ name, value: 0 }).execute();
  },
};
