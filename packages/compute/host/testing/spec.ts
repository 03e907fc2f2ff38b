// What does the compute API order a host to run? One instance, for tests that change what they are about.
import { randomUUID } from 'node:crypto';
import type { InstanceSpec } from '../../link/index.ts';

/** Its kernel and ramdisk do not exist unless given. */
export const exampleSpec = (change: Partial<InstanceSpec> = {}): InstanceSpec => ({
  id: randomUUID(),
  project_id: 'ab'.repeat(16),
  memory_mb: 256,
  vcpus: 1,
  mac: 'fa:16:3e:00:00:01',
  address: '169.254.16.1',
  trust: null,
  pool: null,
  kernel: { sha256: 'aa'.repeat(32), size: 8 },
  ramdisk: { sha256: 'bb'.repeat(32), size: 9 },
  ...change,
});
