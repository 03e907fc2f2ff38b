import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '@assay/attestation/testing';
import type { Host } from '@assay/protocol';
import { type Assay, assayOf } from './testing/assay.ts';

/** @returns what it printed */
async function ended(code: number, assay: Assay, ...args: string[]): Promise<string> {
  const ran = await assay(['host', ...args]);
  assert.equal(ran.code, code, ran.stdout + ran.stderr);
  return ran.stdout + ran.stderr;
}

test('a host is registered with other names, gets more, loses some; what another host has is refused', async (t) => {
  const server = await startTestServer(t);
  const assay = assayOf(t, server);
  await ended(0, assay, 'register', 'node1.lab', '--alias', 'Node1', '--alias', '10.0.0.7');
  assert.match(await ended(0, assay, 'alias', 'node1.lab'), /^node1\.lab: 10\.0\.0\.7, node1$/m);
  assert.match(await ended(0, assay, 'alias', 'node1.lab', 'NODE1-', 'kvm-1'), /^node1\.lab: 10\.0\.0\.7, kvm-1$/m);
  assert.match(await ended(0, assay, 'show', 'node1.lab'), /^aliases +10\.0\.0\.7, kvm-1$/m);
  await ended(0, assay, 'register', 'node2');
  assert.match(await ended(0, assay, 'alias', 'node2'), /^node2: no aliases$/m);
  assert.match(await ended(1, assay, 'alias', 'node2', 'KVM-1'), /host node1\.lab \(alias-in-use\)/);
  assert.match(await ended(2, assay, 'alias', 'node2', 'a,b'), /alias: expected a name without blanks/);
  const host = JSON.parse(await ended(0, assay, 'alias', 'node2', 'b', '--json')) as Host;
  assert.deepEqual(host.aliases, ['b']);
});
