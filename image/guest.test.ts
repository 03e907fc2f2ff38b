// The guest image on real parts: QEMU, its user-mode network, the metadata proxy, mutual TLS, the metadata API.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectUnix, createLog, loadConfig } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { apiOptions, startMetadataApi } from '@assay/metadata';
import { proxyOptions, startMetadataProxy } from '@assay/metadata/proxy';
import { exampleRecord, recordsOf } from '@assay/metadata/testing';

const folder = mkdtempSync(join(tmpdir(), 'assay-guest-'));
after(() => rmSync(folder, { recursive: true }));
execFileSync(fileURLToPath(new URL('build', import.meta.url)), ['--out', join(folder, 'image')]);
chmodSync(folder, 0o755);

const log = createLog('test', 'silent');
const pki = testPki();
const [server, node1] = [pki.issue('server', 'DNS:localhost'), pki.issue('node1', 'DNS:node1')];
const secret = 'a secret of enough letters';
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

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
const novaConf = write(
  'nova.conf',
  `[DEFAULT]\nenabled_ssl_apis = metadata\nmetadata_listen = 127.0.0.1\nmetadata_listen_port = 0
[wsgi]\nssl_cert_file = ${server.certFile}\nssl_key_file = ${server.keyFile}\nssl_ca_file = ${pki.caFile}
[neutron]\nservice_metadata_proxy = True\nmetadata_proxy_shared_secret = ${secret}
[api]\ndhcp_domain =\n[database]\nconnection = sqlite::memory:\n`,
);
const api = await startMetadataApi(loadConfig([novaConf], apiOptions), { log, records: recordsOf([web1, web2]) });
after(() => api.close());
const ports = join(folder, 'ports');
mkdirSync(ports, { mode: 0o700 });

// QEMU never runs as root, in tests too.
const root = process.getuid?.() === 0;
const [uid, gid] = root ? [65534, 65534] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

class Guest {
  readonly dir: string;
  readonly qemu: ChildProcess;
  console = '';
  private readonly changed = new EventEmitter();
  constructor({ id, projectId, address, mac, name }: typeof web1) {
    this.dir = join(folder, name);
    mkdirSync(this.dir, { mode: 0o700 });
    chownSync(this.dir, uid, gid);
    const socket = join(this.dir, 'metadata.sock');
    write(`ports/${id}.json`, JSON.stringify({ instance_id: id, project_id: projectId, address, socket }));
    const forward = 'guestfwd=tcp:169.254.169.254:80-cmd:socat STDIO UNIX-CONNECT:metadata.sock';
    this.qemu = spawn(
      'qemu-system-x86_64',
      [
        ...[
          '-M',
          'pc',
          '-accel',
          'tcg',
          '-cpu',
          'max',
          '-m',
          '256',
          '-nodefaults',
          '-no-user-config',
          '-display',
          'none',
        ],
        ...['-kernel', '../image/kernel', '-initrd', '../image/initrd', '-append', 'console=ttyS0 quiet'],
        ...['-netdev', `user,id=n,net=169.254.0.0/16,dhcpstart=${address},${forward}`],
        ...['-device', `virtio-net-pci,netdev=n,mac=${mac}`],
        ...['-serial', 'stdio', '-qmp', 'unix:qmp.sock,server=on,wait=off'],
      ],
      { cwd: this.dir, stdio: ['ignore', 'pipe', 'inherit'], ...(root ? { uid, gid } : {}) },
    );
    after(() => this.qemu.kill('SIGKILL'));
    this.qemu.stdout?.on('data', (part) => {
      this.console += part;
      this.changed.emit('change');
    });
    this.qemu.on('exit', () => this.changed.emit('change'));
  }
  /** Resolves when the console has this; rejects when the guest ends without. */
  async says(text: string): Promise<void> {
    while (!this.console.includes(text)) {
      assert.equal(this.qemu.exitCode, null, `the guest ended; its console: ${this.console}`);
      await once(this.changed, 'change');
    }
  }
  line(label: string): string | undefined {
    return new RegExp(`^assay-mini: ${label}: (.*?)\\r?$`, 'm').exec(this.console)?.[1];
  }
}

const guests = [new Guest(web1), new Guest(web2)] as const;
const proxyConf = write(
  'metadata_agent.ini',
  `[DEFAULT]\nnova_metadata_host = localhost\nnova_metadata_port = ${api.port}\nnova_client_cert = ${node1.certFile}
nova_client_priv_key = ${node1.keyFile}\nauth_ca_cert = ${pki.caFile}\nmetadata_proxy_shared_secret = ${secret}
[assay]\nports_dir = ${ports}\n`,
);
const proxy = await startMetadataProxy(loadConfig([proxyConf], proxyOptions), { log });
after(() => proxy.close());

test('two guests on one host print what the metadata API says of each', { timeout: 120_000 }, async () => {
  for (const [guest, instance] of [
    [guests[0], web1],
    [guests[1], web2],
  ] as const) {
    await guest.says('assay-mini: ready');
    const { hostname, id, name, address } = instance;
    const printed = ['hostname', 'uuid', 'name', 'address'].map((label) => guest.line(label));
    assert.deepEqual(printed, [hostname, id, name, address]);
  }
  assert.equal(guests[0].line('ssh key mykey'), web1.publicKey);
  assert.equal(guests[1].line('ssh key'), 'none');
  assert.equal(guests[1].line('user data'), 'none');
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
