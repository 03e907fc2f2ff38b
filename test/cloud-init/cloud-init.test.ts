// Debian's cloud-init as the client of our metadata: its data sources' code run against the proxy, and a guest that boots with it.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exampleRecord, startSite } from '@assay/metadata/testing';
import { Guest } from '../../image/guest.ts';

const image = mkdtempSync(join(tmpdir(), 'assay-cloud-init-'));
after(() => rmSync(image, { recursive: true }));
execFileSync(fileURLToPath(new URL('../../image/cloud-init/build', import.meta.url)), ['--out', image]);
chmodSync(image, 0o755);

const script = '#cloud-config\nruncmd:\n- echo user data ran as $(id -u) >/dev/console\n';
const web1 = exampleRecord({ userData: Buffer.from(script) });
const bare = exampleRecord({ userData: undefined, keyName: undefined, publicKey: undefined, address: '169.254.16.2' });
const site = await startSite({ after }, { instances: [web1, bare] });

type Found = {
  found: boolean;
  instance_id: string;
  hostname: string;
  keys: string[];
  availability_zone: string;
  userdata: string | null;
  network: unknown;
  ec2: Record<string, unknown>;
  requests: string[];
  warnings: string[];
};

const inNamespace = fileURLToPath(new URL('in-namespace.sh', import.meta.url));
/** What cloud-init finds where only this instance's metadata are. */
async function crawl(source: 'OpenStack' | 'Ec2', instance: typeof web1): Promise<Found> {
  const namespace = process.getuid?.() === 0 ? ['-n'] : ['-rn'];
  const state = mkdtempSync(join(image, 'state-'));
  const args = [site.socketOf(instance), join(image, 'tree'), source, state, instance.mac];
  const { stdout } = await promisify(execFile)('unshare', [...namespace, 'sh', inNamespace, ...args]);
  return JSON.parse(stdout) as Found;
}

const network = {
  version: 1,
  config: [
    {
      type: 'physical',
      name: 'eth0',
      mac_address: web1.mac,
      mtu: null,
      subnets: [{ type: 'dhcp4' }],
    },
  ],
};

test('DataSourceOpenStack finds user data, keys, network and host name, and asks for nothing twice', async () => {
  const got = await crawl('OpenStack', web1);
  assert.deepEqual(got.warnings, []);
  assert.equal(got.found, true);
  assert.deepEqual([got.instance_id, got.availability_zone], [web1.id, 'nova']);
  assert.match(got.hostname, /hostname='web1'/);
  assert.deepEqual(got.keys, [web1.publicKey]);
  assert.equal(got.userdata, script);
  assert.deepEqual(got.network, network);
  assert.equal(got.ec2['local-ipv4'], web1.address);
  const [first, second, ...rest] = got.requests;
  assert.equal(first, second, 'the list of versions, first to see whether it is there');
  assert.equal(new Set(rest).size, rest.length, 'what failed would have been asked again');
});

test('DataSourceEc2 crawls the whole tree without an error', async () => {
  const got = await crawl('Ec2', web1);
  assert.deepEqual(got.warnings, []);
  assert.equal(got.found, true);
  assert.deepEqual([got.instance_id, got.availability_zone], ['i-0000002a', 'nova']);
  assert.match(got.hostname, /hostname='web1'/);
  assert.deepEqual(got.keys, [web1.publicKey]);
  assert.equal(got.userdata, script);
  const [, ...crawled] = got.requests; // the first is to see whether it is there
  assert.equal(new Set(crawled).size, crawled.length);
});

test('an instance without key and user data is found as well', async () => {
  for (const source of ['OpenStack', 'Ec2'] as const) {
    const got = await crawl(source, bare);
    assert.deepEqual([got.found, got.keys, got.warnings], [true, [], []]);
    assert.ok(!got.userdata, 'none');
  }
});

test('a guest that boots runs its user data, and has its key, network and host name', {
  timeout: 240_000,
}, async () => {
  const guest = new Guest({ instance: web1, image, socket: site.socketOf(web1), memory: 512 });
  after(() => guest.end());
  await guest.says('cloud-init-guest: ready');
  const said = (label: string) => guest.lines('cloud-init-guest', label);
  assert.match(said('datasource').join(), /^DataSourceOpenStack/);
  assert.deepEqual([said('errors'), said('log')], [['[]'], []]);
  assert.deepEqual([said('instance'), said('hostname')], [[web1.id], ['web1']]);
  assert.deepEqual(said('key'), [web1.publicKey]);
  assert.ok(said('network').includes('iface eth0 inet dhcp'), guest.console);
  assert.match(guest.console, /^user data ran as 0\r?$/m);
});
