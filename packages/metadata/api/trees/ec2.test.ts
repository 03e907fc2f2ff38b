import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleRecord } from '../../testing/records.ts';
import { ec2Tree } from './ec2.ts';

const instance = exampleRecord();
const read = (path: string, from = instance) => {
  const source = { instance: from, dhcpDomain: 'novalocal', vendorData: {}, randomBytes: () => new Uint8Array() };
  const answer = ec2Tree(path.split('/').filter(Boolean), source);
  return answer && String(answer.body);
};

test('a version lists meta-data, and user-data where there is some', () => {
  assert.equal(read('latest'), 'meta-data/\nuser-data');
  assert.equal(read('latest', exampleRecord({ userData: undefined })), 'meta-data/');
  assert.equal(read('latest/user-data', exampleRecord({ userData: undefined })), undefined);
  assert.equal(read('1.0/user-data'), '#!/bin/sh\necho hello\n');
});

test('meta-data lists the keys of its version by name, directories with a slash', () => {
  const first = ['ami-id', 'ami-launch-index', 'ami-manifest-path', 'hostname', 'instance-id', 'local-ipv4'];
  assert.equal(read('1.0/meta-data'), [...first, 'public-keys/', 'reservation-id', 'security-groups'].join('\n'));
  const latest = read('latest/meta-data')?.split('\n') ?? [];
  assert.deepEqual(latest, latest.toSorted());
  assert.deepEqual(read('2009-04-04/meta-data')?.split('\n'), latest);
  for (const key of ['local-hostname', 'placement/', 'instance-type', 'kernel-id', 'instance-action'])
    assert.ok(latest.includes(key), key);
  assert.ok(!read('2007-12-15/meta-data')?.includes('placement'));
});

test('values are the instance’s', () => {
  const values: [string, string][] = [
    ['instance-id', 'i-0000002a'],
    ['hostname', 'web1.novalocal'],
    ['local-hostname', 'web1.novalocal'],
    ['local-ipv4', '169.254.16.1'],
    ['public-ipv4', ''],
    ['instance-type', 'm1.tiny'],
    ['ami-id', 'ami-11111111'],
    ['ami-launch-index', '0'],
    ['reservation-id', 'r-0000002a'],
    ['security-groups', 'default'],
    ['placement', 'availability-zone'],
    ['placement/availability-zone', 'nova'],
    ['public-keys', '0=mykey'],
    ['public-keys/0', 'openssh-key'],
    ['public-keys/0/openssh-key', instance.publicKey ?? ''],
  ];
  for (const [key, value] of values) assert.equal(read(`latest/meta-data/${key}`), value, key);
});

test('what is not there is not there, below a value too', () => {
  for (const path of [
    '2016-09-02',
    'latest/dynamic',
    'latest/meta-data/hostname/x',
    'latest/user-data/x',
    'latest/meta-data/security-groups/default',
    'latest/meta-data/public-keys/1',
    'latest/meta-data/public-keys/0=mykey',
    'latest/meta-data/public-keys/0/_name',
    'latest/meta-data/constructor',
    '1.0/meta-data/local-hostname',
  ])
    assert.equal(read(path), undefined, path);
  assert.equal(read('latest/meta-data/public-keys', exampleRecord({ keyName: undefined })), undefined);
});
