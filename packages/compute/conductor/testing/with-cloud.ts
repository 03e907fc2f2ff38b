// One small cloud a test: begun before it, ended after it, whatever became of it.
import { test } from 'node:test';
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts';

export function withCloud(name: string, options: CloudOptions, body: (cloud: Cloud) => Promise<void>): void {
  test(name, async (t) => {
    const cloud = await startCloud(options);
    t.after(() => cloud.stop());
    await body(cloud);
  });
}

/** All trusted; each takes four instances of the usual size. */
export const threeHosts: CloudOptions = { hosts: { node1: 1024, node2: 1024, node3: 1024 } };
/** What `cloud.boot` is asked for. */
export const trusted = { trust: 'trusted' } as const;

export const active = (row: { vm_state: string }): boolean => row.vm_state === 'active';
export const failed = (row: { vm_state: string }): boolean => row.vm_state === 'error';
