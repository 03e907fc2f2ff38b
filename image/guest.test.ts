// The guest image on real parts: QEMU, its user-mode network, the metadata proxy, mutual TLS, the metadata API.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectUnix } from '@assay/daemon';
import { exampleRecord, startSite } from '@assay/metadata/testing';
import { Guest } from './guest.ts';

const image = mkdtempSync(join(tmpdir(), 'assay-guest-'));
after(() => rmSync(image, { recursive: true }));
execFileSync(fileURLToPath(new URL('build', import.meta.url)), ['--out', image]);
chmodSync(image, 0o755);

const ask = (id: string) =>
  `#!/bin/sh\nwget -q -O - --header 'X-Instance-ID: ${id}' --header 'X-Tenant-ID: ${'c'.repeat(32)}' http://169.254.169.254/latest/meta-data/hostname\necho\n`;
const web2 = exampleRecord({
  hostname: 'web2',
  name: 'web2',
  projectId: 'c'.repeat(32),
  address: '169.254.16.2',
  keyName: undefined,
  publicKey: undefined,
  userData: undefined,
  mac: 'fa:16:3e:00:00:02',
});
const web1 = exampleRecord({ userData: Buffer.from(ask(web2.id)) });
const site = await startSite({ after }, { instances: [web1, web2], nova: { api: { dhcp_domain: '' } } });
const started = (instance: typeof web1) => {
  const guest = new Guest({ instance, image, socket: site.socketOf(instance) });
  after(() => guest.end());
  return guest;
};
const guests = [started(web1), started(web2)] as const;
const line = (guest: Guest, label: string) => guest.lines('assay-mini', label)[0];

test('two guests on one host print what the metadata API says of each', { timeout: 120_000 }, async () => {
  for (const [guest, instance] of [
    [guests[0], web1],
    [guests[1], web2],
  ] as const) {
    await guest.says('assay-mini: ready');
    const { hostname, id, name, address } = instance;
    const printed = ['hostname', 'uuid', 'name', 'address'].map((label) => line(guest, label));
    assert.deepEqual(printed, [hostname, id, name, address]);
  }
  assert.equal(line(guests[0], 'ssh key mykey'), web1.publicKey);
  assert.equal(line(guests[1], 'ssh key'), 'none');
  assert.equal(line(guests[1], 'user data'), 'none');
});

test('a guest that claims to be another reads its own metadata', { timeout: 120_000 }, async () => {
  const [guest] = guests;
  await guest.says('user data: ended with status 0');
  const between = /runs now\r?\n([\s\S]*)assay-mini: user data: ended/.exec(guest.console)?.[1] ?? '';
  assert.match(between, /^web1\r?$/m);
  assert.doesNotMatch(between, /web2/);
});

test('QEMU is not root, and the guest ends when its power button is pressed', { timeout: 120_000 }, async () => {
  const [, guest] = guests;
  await guest.says('assay-mini: ready');
  assert.notEqual(statSync(`/proc/${guest.qemu.pid}`).uid, 0);
  const monitor = await connectUnix(join(guest.dir, 'qmp.sock'));
  monitor.resume().write('{"execute":"qmp_capabilities"}\n');
  // A press before the guest has loaded its button is lost, as on any machine.
  const press = setInterval(() => monitor.write('{"execute":"system_powerdown"}\n'), 500);
  await once(guest.qemu, 'exit').finally(() => clearInterval(press));
  assert.equal(guest.qemu.exitCode, 0);
  assert.match(guest.console, /assay-mini: shutting down/);
});
