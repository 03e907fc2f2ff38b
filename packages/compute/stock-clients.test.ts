import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startTestCloud, type TestCloud } from './testing/cloud.ts';

// Debian's python3-novaclient and python3-openstackclient over TLS; each call takes a second or two, so there are few.
let cloud: TestCloud;
before(async () => {
  cloud = await startTestCloud({ listening: true });
});
after(() => cloud.stop());

async function client(
  command: 'nova' | 'openstack',
  args: string[],
  user = 'admin',
  password = 'secret',
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    env: {
      PATH: process.env['PATH'],
      HOME: cloud.folder,
      LC_ALL: 'C.UTF-8',
      OS_AUTH_URL: `${cloud.urls.identity}/v3`,
      OS_IDENTITY_API_VERSION: '3',
      OS_USERNAME: user,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: user,
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      OS_CACERT: cloud.caFile,
    },
    timeout: 60_000,
  });
  return stdout;
}
const nova = (...args: string[]) => client('nova', args);
const openstack = async (...args: string[]) => JSON.parse(await client('openstack', [...args, '-f', 'json']));

/** The value beside a name in a table of two columns. */
const beside = (table: string, name: string) =>
  table
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .find((cells) => cells[1] === name)?.[2];

test('the story of a server as nova tells it, from key to console', async () => {
  const file = join(cloud.folder, 'key.pub');
  writeFileSync(file, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILk1JDAvHiuhzrQvmAPrkhpFS6WuLN1veA4y6LVQs+C0 me@here\n');
  await Promise.all([
    nova('keypair-add', '--pub-key', file, 'mykey'),
    nova('flavor-key', 'm1.tiny', 'set', 'trust:trusted_host=trusted'),
    assert.rejects(nova('flavor-key', 'm1.tiny', 'set', 'trust:trusted_host=Trusted'), /trusted, untrusted, unknown/),
  ]);
  const booted = await nova(
    'boot',
    '--flavor',
    'm1.tiny',
    '--key-name',
    'mykey',
    '--image',
    'assay-mini',
    '--meta',
    'a=b',
    '--user-data',
    file,
    '--poll',
    'web1',
  );
  assert.match(booted, /Finished/);
  const id = beside(booted, 'id') ?? '';
  cloud.conductor.consoles.set(id, 'assay-mini: web1\nassay-mini: ready\n');
  const [shown, listed, log, actions] = await Promise.all([
    nova('show', 'web1'),
    nova('list'),
    nova('console-log', '--length', '2', 'web1'),
    nova('instance-action-list', 'web1'),
  ]);
  assert.equal(beside(shown, 'status'), 'ACTIVE');
  assert.equal(beside(shown, 'OS-EXT-SRV-ATTR:host'), 'node1');
  assert.equal(beside(shown, 'image'), `assay-mini (${cloud.mini.id})`);
  assert.equal(beside(shown, 'flavor:extra_specs'), '{"trust:trusted_host": "trusted"}');
  assert.equal(beside(shown, 'key_name'), 'mykey');
  assert.match(listed, new RegExp(`${id} \\| web1 +\\| ACTIVE`));
  assert.match(log, /assay-mini: ready/);
  assert.match(actions, /create/);
});

test('openstack sees the same cloud, and a subscriber their own part of it', async () => {
  const [images, server, hypervisor, services, theirs] = await Promise.all([
    openstack('image', 'list'),
    openstack('server', 'show', 'web1'),
    openstack('hypervisor', 'show', 'node1'),
    openstack('compute', 'service', 'list'),
    client('openstack', ['server', 'list', '-f', 'json'], 'demo', 'demo-secret'),
  ]);
  assert.deepEqual(images.map((one: { Name: string }) => one.Name).sort(), [
    'assay-mini',
    'assay-mini-kernel',
    'assay-mini-ramdisk',
  ]);
  assert.deepEqual([server.status, server.flavor, server.properties], ['ACTIVE', 'm1.tiny (1)', { a: 'b' }]);
  assert.equal(hypervisor.memory_mb_used, 256);
  assert.deepEqual(
    services.map((one: { Host: string; State: string }) => [one.Host, one.State]),
    [
      ['node1', 'up'],
      ['node2', 'up'],
    ],
  );
  assert.deepEqual(JSON.parse(theirs), []);
  await assert.rejects(client('openstack', ['token', 'issue'], 'admin', 'wrong'), /HTTP 401/);
  await client('openstack', ['server', 'delete', '--wait', 'web1']);
  await assert.rejects(nova('show', 'web1'), /No server with a name or ID of 'web1' exists/);
});
