// Instances as the compute service would tell of them, for tests that begin without its database.
import { randomUUID } from 'node:crypto';
import type { InstanceRecord, Records } from '@assay/compute/records';

export function exampleRecord(change: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    id: randomUUID(),
    number: 42,
    name: 'web1',
    hostname: 'web1',
    projectId: 'a'.repeat(32),
    userId: 'b'.repeat(32),
    host: 'node1',
    node: 'node1',
    vmState: 'active',
    imageId: '11111111-1111-4111-8111-111111111111',
    kernelId: '22222222-2222-4222-8222-222222222222',
    ramdiskId: '33333333-3333-4333-8333-333333333333',
    flavorName: 'm1.tiny',
    keyName: 'mykey',
    publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbHkUE8l0hhRDFgpvJS1KxVJzUUzmzVYHVVnKMUNhVK me@example',
    userData: Buffer.from('#!/bin/sh\necho hello\n'),
    metadata: { role: 'web' },
    availabilityZone: 'nova',
    address: '169.254.16.1',
    mac: 'fa:16:3e:00:00:01',
    reservationId: 'r-0000002a',
    launchIndex: 0,
    createdAt: '2026-11-23T12:00:00.000Z',
    ...change,
  };
}

/** Reads `instances` at each call: a test may change it in between. */
export function recordsOf(instances: InstanceRecord[]): Records {
  return {
    instance: async (id) => instances.find((one) => one.id === id),
    close: async () => undefined,
  };
}
