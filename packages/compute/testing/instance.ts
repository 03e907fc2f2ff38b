// An instance as a boot request makes it, for tests that begin after the API.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { type Instance, insertInstances, type NewInstance } from '../storage/instances.ts';
import type { Tables } from '../storage/tables.ts';

export function exampleInstance(change: Partial<NewInstance> = {}): NewInstance {
  return {
    id: randomUUID(),
    name: 'web1',
    hostname: 'web1',
    project_id: 'a'.repeat(32),
    user_id: 'b'.repeat(32),
    flavor: {
      id: '1',
      name: 'm1.tiny',
      memory_mb: 256,
      vcpus: 1,
      root_gb: 0,
      ephemeral_gb: 0,
      swap_mb: 0,
      extra_specs: {},
    },
    image_id: '11111111-1111-4111-8111-111111111111',
    image_name: 'assay-mini',
    kernel_id: '22222222-2222-4222-8222-222222222222',
    ramdisk_id: '33333333-3333-4333-8333-333333333333',
    key_name: null,
    public_key: null,
    user_data: null,
    metadata: {},
    wanted_zone: null,
    wanted_host: null,
    mac: `fa:16:3e:${randomBytes(3).toString('hex').match(/../g)?.join(':')}`,
    reservation_id: 'r-00000001',
    launch_index: 0,
    trust: null,
    pool: null,
    trust_tags: null,
    request_id: `req-${randomUUID()}`,
    ...change,
  };
}

/** Inserted as `building`/`scheduling`, on no host. */
export async function insertExample(
  db: Kysely<Tables>,
  change: Partial<NewInstance> = {},
  now = new Date(),
): Promise<Instance> {
  const [instance] = await insertInstances(db, [exampleInstance(change)], now);
  if (!instance) throw new Error('one instance in, one out');
  return instance;
}
