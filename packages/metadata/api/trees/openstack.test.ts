import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleRecord } from '../../testing/records.ts';
import type { Source } from './answer.ts';
import { openstackTree } from './openstack.ts';

const instance = exampleRecord();
const source = (change: Partial<Source> = {}): Source => ({
  instance,
  dhcpDomain: 'novalocal',
  vendorData: {},
  randomBytes: (size) => new Uint8Array(size),
  ...change,
});
const read = (path: string, from = source()) => {
  const answer = openstackTree(path.split('/').filter(Boolean), from);
  return answer && String(answer.body);
};
const metaData = (version: string, from = source()) => JSON.parse(read(`${version}/meta_data.json`, from) ?? 'null');

test('the versions are listed, oldest first, and latest', () => {
  assert.equal(
    read(''),
    '2012-08-10\n2013-04-04\n2013-10-17\n2015-10-15\n2016-06-30\n2016-10-06\n2017-02-22\n2018-08-27\n2020-10-14\nlatest',
  );
});

test('a version lists the files it has', () => {
  const listed = (version: string, from = source()) => read(version, from)?.split('\n');
  assert.deepEqual(listed('2012-08-10'), ['meta_data.json', 'user_data']);
  assert.deepEqual(listed('2013-10-17'), ['meta_data.json', 'user_data', 'vendor_data.json']);
  const newest = ['meta_data.json', 'user_data', 'vendor_data.json', 'network_data.json', 'vendor_data2.json'];
  assert.deepEqual(listed('2016-10-06'), newest);
  assert.deepEqual(listed('latest'), newest);
  assert.deepEqual(listed('latest/version'), newest);
  const bare = source({ instance: exampleRecord({ userData: undefined }) });
  assert.deepEqual(listed('2012-08-10', bare), ['meta_data.json']);
  assert.equal(read('latest/user_data', bare), undefined);
});

test('meta_data.json has its keys in Nova’s order, more of them in newer versions', () => {
  const first = ['uuid', 'meta', 'public_keys', 'keys', 'hostname', 'name', 'launch_index', 'availability_zone'];
  assert.deepEqual(Object.keys(metaData('2012-08-10')), first);
  assert.deepEqual(Object.keys(metaData('2013-04-04')), [...first, 'random_seed']);
  assert.deepEqual(Object.keys(metaData('2015-10-15')), [...first, 'random_seed', 'project_id']);
  assert.deepEqual(Object.keys(metaData('2016-06-30')), [...first, 'random_seed', 'project_id', 'devices']);
  const latest = metaData('latest');
  assert.deepEqual(Object.keys(latest), [...first, 'random_seed', 'project_id', 'devices', 'dedicated_cpus']);
  assert.deepEqual(
    { ...latest, random_seed: Buffer.from(latest.random_seed, 'base64').length },
    {
      uuid: instance.id,
      meta: { role: 'web' },
      public_keys: { mykey: instance.publicKey },
      keys: [{ name: 'mykey', type: 'ssh', data: instance.publicKey }],
      hostname: 'web1.novalocal',
      name: 'web1',
      launch_index: 0,
      availability_zone: 'nova',
      random_seed: 512,
      project_id: instance.projectId,
      devices: [],
      dedicated_cpus: [],
    },
  );
});

test('what an instance does not have is not among its keys', () => {
  const bare = exampleRecord({ keyName: undefined, publicKey: undefined, metadata: {}, availabilityZone: undefined });
  const got = metaData('2012-08-10', source({ instance: bare, dhcpDomain: '' }));
  assert.deepEqual(got, { uuid: bare.id, hostname: 'web1', name: 'web1', launch_index: 0, availability_zone: null });
});

test('user data is given byte for byte', () => {
  const userData = Uint8Array.from({ length: 256 }, (_, at) => at);
  const answer = openstackTree(['latest', 'user_data'], source({ instance: exampleRecord({ userData }) }));
  assert.deepEqual(Uint8Array.from(answer?.body ?? []), userData);
  assert.equal(answer?.type, 'text/plain; charset=UTF-8');
});

test('network data names the card by its address and is text, as Nova has it', () => {
  const answer = openstackTree(['2012-08-10', 'network_data.json'], source());
  assert.equal(answer?.type, 'text/plain; charset=UTF-8');
  const { links, networks } = JSON.parse(String(answer?.body));
  assert.deepEqual(
    links.map((link: { ethernet_mac_address: string }) => link.ethernet_mac_address),
    [instance.mac],
  );
  assert.deepEqual(
    networks.map((one: { type: string; link: string }) => [one.type, one.link]),
    [['ipv4_dhcp', links[0].id]],
  );
});

test('vendor data comes plain and below static', () => {
  const from = source({ vendorData: { 'cloud-init': '#cloud-config' } });
  assert.equal(read('latest/vendor_data.json', from), '{"cloud-init": "#cloud-config"}');
  assert.equal(read('latest/vendor_data2.json', from), '{"static": {"cloud-init": "#cloud-config"}}');
  assert.equal(read('latest/vendor_data2.json'), '{"static": {}}');
  assert.equal(openstackTree(['latest', 'vendor_data.json'], from)?.type, 'application/json');
});

test('what is not there is not there', () => {
  for (const path of [
    '2011-01-01',
    'Latest',
    'latest/meta-data',
    'latest/meta_data.json/x',
    'latest/content',
    'content/0000',
    'latest/toString',
    '2012-08-10/vendor_data.json',
    '2013-10-17/vendor_data2.json',
  ])
    assert.equal(read(path), undefined, path);
});
