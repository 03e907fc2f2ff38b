// The story a subscriber lives, with the stock clients: a trusted flavor lands on an attested host, the guest learns who it
// is from its metadata and from nowhere else, and where no trusted host has room the administrator is told why.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cell, column, guestOf, ok, until } from './clients.ts';
import { type Lab, startLab } from './lab.ts';

let lab: Lab;
const work = mkdtempSync(join(tmpdir(), 'assay-story-'));
const publicKey = () => readFileSync(join(work, 'key.pub'), 'utf8').trim();
const nova = async (...args: string[]) => ok(await lab.nova(...args));

before(async () => {
  lab = await startLab();
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'story', '-f', join(work, 'key')]);
});
after(async () => {
  await lab?.stop();
  rmSync(work, { recursive: true });
});

test('an instance of a trusted flavor becomes ACTIVE on an attested host, and prints its name and key', async () => {
  await nova('keypair-add', '--pub-key', join(work, 'key.pub'), 'mykey');
  await nova('flavor-key', 'm1.tiny', 'set', 'trust:trusted_host=trusted');
  await nova('boot', '--flavor', 'm1.tiny', '--key-name', 'mykey', '--image', 'assay-mini', '--poll', 'web1');
  const shown = await nova('show', 'web1');
  assert.equal(cell(shown, 'status'), 'ACTIVE');
  assert.match(cell(shown, 'OS-EXT-SRV-ATTR:host'), /^node[12]$/);
  const { hostname, uuid, keys } = await guestOf(lab, 'web1');
  assert.equal(hostname, 'web1.novalocal');
  assert.equal(uuid, cell(shown, 'id'));
  assert.deepEqual(keys, [publicKey()]);
});

test('two guests on one host get different answers, and one that claims to be the other gets its own', async () => {
  const first = await nova('show', 'web1');
  const host = cell(first, 'OS-EXT-SRV-ATTR:host');
  const forge = join(work, 'forge.sh');
  const spellings = ['X-Instance-ID', 'x-instance-id', 'X_Instance_ID', 'X-Instance-Id'];
  writeFileSync(
    forge,
    `#!/bin/sh\n${spellings
      .map(
        (name) =>
          `wget -q -O - --header '${name}: ${cell(first, 'id')}' http://169.254.169.254/openstack/latest/meta_data.json | tr ',' '\\n' | grep '"uuid"'`,
      )
      .join('\n')}\n`,
  );
  await nova('keypair-add', '--pub-key', join(work, 'key.pub'), 'other');
  const zone = `nova:${host}`;
  const boot = ['boot', '--flavor', 'm1.tiny', '--image', 'assay-mini', '--availability-zone', zone];
  await nova(...boot, '--user-data', forge, '--poll', 'web2');
  const second = await nova('show', 'web2');
  assert.equal(cell(second, 'OS-EXT-SRV-ATTR:host'), host);
  const { hostname, uuid, keys, lines } = await guestOf(lab, 'web2');
  assert.equal(hostname, 'web2.novalocal');
  assert.equal(uuid, cell(second, 'id'));
  assert.deepEqual(keys, []);
  const answers = lines.filter((line) => line.includes('"uuid"'));
  assert.equal(answers.length, spellings.length);
  for (const answer of answers) assert.ok(answer.includes(cell(second, 'id')), answer);
});

test('what operators look at is there', async () => {
  const both = (text: string) => column(text, 'Name').sort();
  assert.deepEqual(both(await nova('list')), ['web1', 'web2']);
  assert.ok(column(await nova('flavor-list'), 'Name').includes('m1.tiny'));
  assert.deepEqual(column(await nova('keypair-list'), 'Name').sort(), ['mykey', 'other']);
  assert.deepEqual(column(await nova('hypervisor-list'), 'Hypervisor hostname').sort(), ['node1', 'node2', 'node3']);
  const services = await nova('service-list');
  assert.ok(column(services, 'Host').filter((host) => /^node/.test(host)).length >= 3);
  assert.deepEqual(new Set(column(services, 'State')), new Set(['up']));
  assert.ok(column(ok(await lab.openstack('image', 'list')), 'Name').includes('assay-mini'));
  assert.deepEqual(both(ok(await lab.openstack('server', 'list'))), ['web1', 'web2']);
});

test('where no trusted host has room the boot ends as No valid host, and the administrator learns why, host by host', async () => {
  await nova('flavor-key', 'm1.medium', 'set', 'trust:trusted_host=trusted');
  let refused = '';
  for (let number = 1; number <= 6 && !refused; number++) {
    const name = `big${number}`;
    const { code, stdout, stderr } = await lab.nova(
      'boot',
      '--flavor',
      'm1.medium',
      '--image',
      'assay-mini',
      '--poll',
      name,
    );
    if (code !== 0 || /ERROR/.test(stdout + stderr)) refused = name;
  }
  const shown = await nova('show', refused);
  assert.equal(cell(shown, 'status'), 'ERROR');
  assert.match(cell(shown, 'fault'), /No valid host was found/);
  const { stdout } = await lab.cli('scheduler', 'explain', refused);
  for (const host of ['node1', 'node2']) assert.match(stdout, new RegExp(`${host}.*RamFilter`));
  assert.match(stdout, /node3.*TrustedFilter/);
});

test('what is deleted is gone, and its room is free again', async () => {
  const names = column(await nova('list'), 'Name');
  await nova('delete', ...names);
  await until('no instance is left', async () => column(await nova('list'), 'Name').length === 0);
  await nova('boot', '--flavor', 'm1.medium', '--image', 'assay-mini', '--poll', 'again');
  assert.equal(cell(await nova('show', 'again'), 'status'), 'ACTIVE');
});

test('down ends the instances and keeps them; up starts again what was ACTIVE', async () => {
  const guests = () => spawnSync('pgrep', ['-f', `qemu-system.*${id}`]).status === 0;
  const id = cell(await nova('show', 'again'), 'id');
  assert.ok(guests());
  ok(await lab.cli('down', ...lab.state));
  assert.ok(!guests(), 'its process has ended');
  ok(await lab.cli('up', ...lab.state, '--ports', 'auto'));
  await until('it is ACTIVE again', async () => guests() && cell(await nova('show', 'again'), 'status') === 'ACTIVE');
  assert.equal((await guestOf(lab, 'again')).uuid, id);
});
